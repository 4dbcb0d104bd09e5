/*
 * Delivers what stands in the outbox, at least once: a message sent twice bears the same Message-ID, made from the row's
 * dedupe key, by which the receiver's side drops repeats.
 *
 * A row of kind `email` is one of two:
 *   a notice     payload {notification_id, created_at, user_id, type}, written by notify_user(). Only the notice's title goes
 *                out, which is fit for a lock screen: neither names of medicines nor anything else about health.
 *   a template   payload {"template": "account.reset_password", "to": address?, "values": {"minutes": "15"}?}; without `to`
 *                it goes to the row's user. What must not stand in the database in the clear comes in `sealed`: a JSON object of
 *                more values ({"code": …, "link": …}), sealed under the row's kind and dedupe key (access/seal.h).
 *
 * A row of kind `sms` is always a template (sms_text.c) with its number in `to`, sent by way of the gateway DASTERN_SMS_URL.
 *
 * Without DASTERN_SMTP_URL an e-mail, and without DASTERN_SMS_URL a text message, ends as done with the stage `not_configured`: a
 * code or a notice that would go out when somebody gets around to the configuration would only confuse. The same holds for
 * channels that don't exist yet.
 */
#include <jansson.h>
#include <string.h>

#include "access/seal.h"
#include "core/clock.h"
#include "core/log.h"
#include "jobs/worker.h"
#include "json/json_read.h"
#include "mail.h"
#include "mail_text.h"
#include "notifications_sql.h"
#include "sms.h"
#include "sms_text.h"
#include "smtp.h"

static const struct config_item config[] = {
    {"DASTERN_OUTBOX_KEY", CONFIG_SECRET, NULL, "key that secrets in the outbox are sealed with; the same as auth's"},
    {"DASTERN_SMTP_URL", CONFIG_TEXT, "", "mail server, smtp://host:587 (STARTTLS) or smtps://host:465; empty: no e-mail is sent"},
    {"DASTERN_SMTP_NETRC", CONFIG_TEXT, "", "file with the mail server's login and password, in .netrc form"},
    {"DASTERN_SMTP_CA_FILE", CONFIG_TEXT, "", "certificate authorities to trust for the mail server; empty: the system's"},
    {"DASTERN_SMTP_TLS", CONFIG_BOOL, "on", "off: talk to a mail server on this machine without TLS"},
    {"DASTERN_MAIL_FROM", CONFIG_TEXT, "no-reply@dastern.localhost", "address e-mails come from"},
    {"DASTERN_SMS_URL", CONFIG_TEXT, "", "gateway for text messages, https://…: gets POSTs of {\"to\", \"text\"}; empty: none are sent"},
    {"DASTERN_SMS_TOKEN", CONFIG_SECRET, "", "what the gateway knows this service by (Authorization: Bearer)"},
    {"DASTERN_SMS_CA_FILE", CONFIG_TEXT, "", "certificate authorities to trust for the gateway; empty: the system's"},
    {0}};

static bool smtp_configured, sms_configured;

static enum err start_sms(void)
{
    static struct sms_gateway gateway;
    gateway = (struct sms_gateway){
        .url = config_text("DASTERN_SMS_URL"),
        .token = config_text("DASTERN_SMS_TOKEN"),
        .ca_file = config_text("DASTERN_SMS_CA_FILE"),
    };
    sms_configured = *gateway.url;
    return sms_configured ? sms_open(&gateway) : OK;
}

static enum err start_smtp(void)
{
    static struct smtp_server server;
    server = (struct smtp_server){
        .url = config_text("DASTERN_SMTP_URL"),
        .netrc = config_text("DASTERN_SMTP_NETRC"),
        .ca_file = config_text("DASTERN_SMTP_CA_FILE"),
        .without_tls = !config_bool("DASTERN_SMTP_TLS"),
    };
    smtp_configured = *server.url;
    if (!smtp_configured)
        return OK;
    if (!mail_address_ok(config_text("DASTERN_MAIL_FROM"))) {
        log_note(LOG_ERROR, "smtp_configuration", "fault", "DASTERN_MAIL_FROM is not an address");
        return E_INVALID;
    }
    return smtp_open(&server);
}

static enum err start(void)
{
    enum err err = start_smtp();
    return err == OK ? start_sms() : err;
}

static enum err give_up(struct job *job, const char *why)
{
    job->error = why;
    return E_INVALID;
}

/* Done, with the reason why nothing was sent. */
static enum err skip(struct job *job, const char *why)
{
    return job_progress(job, why, 100) ? OK : E_CONFLICT;
}

static enum err deliver_in_app(struct job *job)
{
    struct rows rows = {0};
    return job_query(job->mem, &SQL_mark_delivered, &rows, "job_id", job->id, NULL);
}

/* Adds the members of JSON object `text` to `values`; NULL adds nothing. */
static bool add_values(struct arena *mem, json_t *values, const char *text)
{
    struct json_fault fault;
    json_t *more = text ? json_read(mem, text, strlen(text), &fault) : NULL;
    return !text || (json_is_object(more) && json_object_update(values, more) == 0);
}

/* What fills the placeholders: the notice's title, the row's values, and what was sealed. */
static enum err collect_values(struct job *job, const struct rows *row, json_t *values)
{
    const char *title = rows_text(row, job->mem, 0, "title"), *key = rows_text(row, job->mem, 0, "dedupe_key");
    size_t n;
    const unsigned char *sealed = rows_bytes(row, 0, "sealed", &n);
    char *secret = NULL;
    if (title)
        json_object_set_new(values, "title", json_string(title));
    if (!add_values(job->mem, values, rows_text(row, job->mem, 0, "values")))
        return give_up(job, "message.values");
    if (sealed && (!key || unseal(job->mem, config_text("DASTERN_OUTBOX_KEY"), job->kind, key, sealed, n, &secret)))
        return give_up(job, "message.seal");
    return add_values(job->mem, values, secret) ? OK : give_up(job, "message.sealed_values");
}

/* What makes the message the same one when it is sent again. */
static const char *message_key(struct job *job, const struct rows *row)
{
    const char *key = rows_text(row, job->mem, 0, "dedupe_key");
    return arena_printf(job->mem, "%s %s", job->kind, key ? key : job->id);
}

static void release_json(void *json)
{
    json_decref(json);
}

/* For collect_values; lives as long as the job. */
static json_t *no_values(struct job *job)
{
    json_t *values = json_object();
    arena_defer(job->mem, release_json, values);
    return values;
}

static enum err compose(struct job *job, const struct rows *row, struct mail *mail)
{
    json_t *values = no_values(job);
    const char *template = rows_text(row, job->mem, 0, "template");
    char *subject, *text;
    mail->from = config_text("DASTERN_MAIL_FROM");
    mail->from_name = "DasTern";
    mail->to = rows_text(row, job->mem, 0, "address");
    mail->language = rows_text(row, job->mem, 0, "language");
    mail->key = message_key(job, row);
    mail->unix_time = clock_unix();
    if (!mail->to || !mail_address_ok(mail->to))
        return give_up(job, "mail.address");
    enum err err = collect_values(job, row, values);
    if (err)
        return err;
    if (mail_text(job->mem, template ? template : "notice", mail->language, values, &subject, &text))
        return give_up(job, "mail.template");
    mail->subject = subject;
    mail->text = text;
    return OK;
}

static enum err read_message(struct job *job, struct rows *row)
{
    enum err err = job_query(job->mem, &SQL_read_outbox_message, row, "job_id", job->id, NULL);
    return err || rows_count(row) ? err : give_up(job, "message.gone");
}

static enum err deliver_email(struct job *job)
{
    struct rows row = {0};
    struct mail mail;
    struct buf message = {.mem = job->mem};
    if (!smtp_configured)
        return skip(job, "not_configured");
    enum err err = read_message(job, &row);
    if (!err)
        err = compose(job, &row, &mail);
    if (err)
        return err;
    mail_write(&message, &mail);
    return smtp_send(job->mem, mail.from, mail.to, &message, &job->error);
}

static enum err deliver_sms(struct job *job)
{
    struct rows row = {0};
    char *text;
    json_t *values = no_values(job);
    if (!sms_configured)
        return skip(job, "not_configured");
    enum err err = read_message(job, &row);
    if (!err)
        err = collect_values(job, &row, values);
    if (err)
        return err;
    const char *to = rows_text(&row, job->mem, 0, "given"), *template = rows_text(&row, job->mem, 0, "template");
    if (!to || !template || sms_text(job->mem, template, rows_text(&row, job->mem, 0, "language"), values, &text))
        return give_up(job, "sms.template");
    return sms_send(job->mem, to, text, message_key(job, &row), &job->error);
}

static enum err deliver(struct job *job)
{
    if (str_eq(job->kind, "in_app"))
        return deliver_in_app(job);
    if (str_eq(job->kind, "email"))
        return deliver_email(job);
    if (str_eq(job->kind, "sms"))
        return deliver_sms(job);
    return skip(job, "not_configured");
}

static const struct worker delivery_worker = {
    .name = "delivery_worker",
    .queue = "outbox",
    .lease_s = 2 * SMTP_SECONDS,
    .run = deliver,
    .statements = SQL_ALL_notifications,
    .config = config,
    .start = start,
};

int main(int argc, char **argv)
{
    return worker_main(&delivery_worker, argc, argv);
}
