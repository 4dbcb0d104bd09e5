/* Builds the message. Whatever is not ours to choose (subject, text) is encoded, so it can't form a header. */
#include "mail.h"

#include <openssl/evp.h>
#include <string.h>
#include <time.h>

#define ADDRESS_BYTES 254
#define WORD_BYTES 54 /* between "=?UTF-8?Q?" and "?="; a line with "Subject: " before it stays under 78 */
#define LINE_BYTES 57 /* of text in one body line: 76 in base64 */

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_address_char(char c)
{
    static const char specials[] = ".!#$%&'*+-/=?^_`{|}~@";
    return is_alphanumeric(c) || (c && strchr(specials, c));
}

bool mail_address_ok(const char *address)
{
    size_t n = strlen(address);
    const char *at = strchr(address, '@');
    if (n > ADDRESS_BYTES || !at || at == address || !at[1] || strchr(at + 1, '@'))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!is_address_char(address[i]))
            return false;
    return address[0] != '-' && at[1] != '-';
}

static void write_base64(struct buf *out, const char *bytes, size_t n)
{
    unsigned char text[4 * ((LINE_BYTES + 2) / 3) + 1];
    int len = EVP_EncodeBlock(text, (const unsigned char *)bytes, (int)n);
    buf_add(out, text, (size_t)len);
}

/* One character (n bytes of UTF-8) in "Q" encoding; a control character becomes a blank. */
static void quote_character(struct buf *out, const char *s, size_t n)
{
    if (n == 1 && is_alphanumeric(*s))
        buf_char(out, *s);
    else if (n == 1 && ((unsigned char)*s <= ' ' || *s == 0x7f))
        buf_char(out, '_');
    else
        for (size_t i = 0; i < n; i++)
            buf_printf(out, "=%02X", (unsigned char)s[i]);
}

/*
 * RFC 2047 encoded words, folded; no word is cut inside a character. Broken UTF-8 ends the text. Not base64, because
 * some readers join neighbouring words before decoding and lose what follows the padding in the middle.
 */
static void write_words(struct buf *out, const char *text)
{
    size_t rest = strlen(text), n, start = out->len + strlen("=?UTF-8?Q?");
    buf_str(out, "=?UTF-8?Q?");
    for (; (n = utf8_next(text, rest)) > 0; text += n, rest -= n) {
        if (out->len - start + 3 * n > WORD_BYTES) {
            buf_str(out, "?=\r\n =?UTF-8?Q?");
            start = out->len;
        }
        quote_character(out, text, n);
    }
    buf_str(out, "?=");
}

/* With CRLF line ends, 76 characters of base64 a line. */
static void write_body(struct buf *out, const char *text)
{
    struct buf canonical = {.mem = out->mem};
    for (const char *c = text; *c; c++) {
        if (*c == '\n')
            buf_char(&canonical, '\r');
        if (*c != '\r')
            buf_char(&canonical, *c);
    }
    for (size_t at = 0; at < canonical.len; at += LINE_BYTES) {
        size_t n = canonical.len - at < LINE_BYTES ? canonical.len - at : LINE_BYTES;
        write_base64(out, canonical.data + at, n);
        buf_str(out, "\r\n");
    }
}

/* English names whatever the locale (RFC 5322 §3.3). */
static void write_date(struct buf *out, int64_t unix_time)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm t;
    time_t when = (time_t)unix_time;
    gmtime_r(&when, &t);
    buf_printf(out, "Date: %s, %02d %s %d %02d:%02d:%02d +0000\r\n", days[t.tm_wday], t.tm_mday, months[t.tm_mon],
               t.tm_year + 1900, t.tm_hour, t.tm_min, t.tm_sec);
}

/* A hash, because a key may hold ids that are nobody's business on the way. */
static void write_message_id(struct buf *out, const struct mail *mail)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_Digest(mail->key, strlen(mail->key), digest, &n, EVP_sha256(), NULL);
    buf_printf(out, "Message-ID: <%s@%s>\r\n", hex_encode(out->mem, digest, 16), strchr(mail->from, '@') + 1);
}

void mail_write(struct buf *out, const struct mail *mail)
{
    write_date(out, mail->unix_time);
    buf_str(out, "From: ");
    if (mail->from_name)
        write_words(out, mail->from_name);
    buf_printf(out, "%s<%s>\r\nTo: <%s>\r\nSubject: ", mail->from_name ? "\r\n " : "", mail->from, mail->to);
    write_words(out, mail->subject);
    buf_str(out, "\r\n");
    write_message_id(out, mail);
    buf_printf(out,
               "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n"
               "Content-Language: %s\r\nAuto-Submitted: auto-generated\r\n\r\n",
               mail->language);
    write_body(out, mail->text);
}
