/* Who may do what. A password or code that is missing (422) shows that the caller got that far and changes nothing. */
#include "table.h"

#define NAME "\"name\":\"Cetirizine\""
#define TIMES "\"morning_time\":\"06:00\",\"noon_time\":\"11:00\",\"evening_time\":\"17:00\",\"night_time\":\"22:00\""
#define REMINDER "\"time_slot\":\"custom\",\"scheduled_time\":\"$h\",\"dose_amount\":1,\"start_date\":\"2198-01-01\""
#define PREVIEW "\"scheduled_time\":\"08:00\",\"dose_amount\":1"
#define OF_PATIENT "\"patient_id\":\"$p\""
#define VP VIEW_PRESCRIPTIONS
#define VR VIEW_REMINDERS
#define WRITE (VIEW_PRESCRIPTIONS | MANAGE_REMINDERS)
#define PLAN (VIEW_REMINDERS | MANAGE_REMINDERS)
#define OF "?patient_id=$p"
#define X "/prescriptions/{prescription_id:uuid}"
#define M "/medications/{medication_id:uuid}"
#define R "/reminders/{reminder_id:uuid}"
#define D "/doses/{dose_id:uuid}"
#define T "/schedule-templates/{template_id:uuid}"

const struct verdict verdicts[] = {
    /* --- auth: one's own account */
    {"POST",   "/auth/register",            "/auth/register",            "{}", EVERYBODY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/login",               "/auth/login",               "{}", EVERYBODY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/refresh",             "/auth/refresh",             "{}", EVERYBODY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/password/forgot",     "/auth/password/forgot",     "{}", EVERYBODY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/password/reset",      "/auth/password/reset",      "{}", EVERYBODY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/email/verify",        "/auth/email/verify",        "{}", EVERYBODY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/google/start",        "/auth/google/start",        "{\"zz\":1}", EVERYBODY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/google/finish",       "/auth/google/finish",       "{}", EVERYBODY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"GET",    "/auth/.well-known/jwks.json", "/auth/.well-known/jwks.json", NULL, EVERYBODY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/auth/me",                  "/auth/me",                  NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"PATCH",  "/auth/me",                  "/auth/me",                  "{}", ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"DELETE", "/auth/me",                  "/auth/me",                  "{}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"GET",    "/auth/me/export",           "/auth/me/export",           NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/auth/me/exports",          "/auth/me/exports",          NULL, ANY, ONESELF, 0, NO_DOCTOR, 202, 0, 0},
    {"GET",    "/auth/me/exports/{id:uuid}", "/auth/me/exports/$f",      NULL, ANY, OWNERS, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/auth/me/exports/{id:uuid}/file", "/auth/me/exports/$f/file", NULL, ANY, OWNERS, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/auth/access-log",          "/auth/access-log",          NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/auth/step-up",             "/auth/step-up",             "{}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/password",            "/auth/password",            "{}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/email",               "/auth/email",               "{}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/email/verification",  "/auth/email/verification",  NULL, ANY, ONESELF, 0, NO_DOCTOR, 204, 202, 0},
    {"POST",   "/auth/phone",               "/auth/phone",               "{}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/phone/verify",        "/auth/phone/verify",        "{}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/auth/totp",                "/auth/totp",                NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 403, 0},
    {"POST",   "/auth/totp/confirm",        "/auth/totp/confirm",        "{}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"DELETE", "/auth/totp",                "/auth/totp",                "{}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"GET",    "/auth/sessions",            "/auth/sessions",            NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"DELETE", "/auth/sessions/{id:uuid}",  "/auth/sessions/$s",         NULL, ANY, OWNERS, 0, NO_DOCTOR, 204, 0, 's'},

    /* --- administration: no health data; one's role is the whole rule */
    {"GET",    "/admin/users",                        "/admin/users",                 NULL, ADMINS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/admin/users/{id:uuid}",              "/admin/users/$p",              NULL, ADMINS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"PATCH",  "/admin/users/{id:uuid}",              "/admin/users/$p",              "{\"is_active\":false}", ADMINS, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"POST",   "/admin/users/{id:uuid}/role",         "/admin/users/$p/role",         "{\"role\":\"admin\"}", ADMINS, ONESELF, 0, NO_DOCTOR, 409, 0, 0},
    {"POST",   "/admin/doctors/{id:uuid}/verify",     "/admin/doctors/$e/verify",     NULL, ADMINS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/admin/doctors/{id:uuid}/reject",     "/admin/doctors/$e/reject",     "{\"reason\":\"x\"}", ADMINS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/admin/audit-logs",                   "/admin/audit-logs",            NULL, ADMINS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/admin/queues",                       "/admin/queues",                NULL, ADMINS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/admin/queues/jobs",                  "/admin/queues/jobs",           NULL, ADMINS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/admin/queues/jobs/{id:uuid}/retry",  "/admin/queues/jobs/$j/retry",  NULL, ADMINS, ONESELF, 0, NO_DOCTOR, 204, 0, 'j'},
    {"GET",    "/admin/statistics",                   "/admin/statistics",            NULL, ADMINS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},

    /* --- prescriptions. 409: there is no picture to be shown yet, which only tells those who may see it */
    {"GET",    "/prescriptions",              "/prescriptions" OF,          NULL, COMPLETE, PATIENT, VP, SELECTED, 200, 0, 0},
    {"POST",   "/prescriptions",              "/prescriptions",             "{" OF_PATIENT ",\"medications\":[{" NAME "}]}",
     COMPLETE, PATIENT, WRITE, SELECTED, 201, 0, 0},
    {"GET",    X,                             "/prescriptions/$x",          NULL, COMPLETE, HEALTH, VP, SELECTED, 200, 0, 0},
    {"PATCH",  X,                             "/prescriptions/$x",          "{\"notes\":\"seen\"}", COMPLETE, HEALTH, WRITE, SELECTED, 200, 0, 0},
    {"GET",    X "/image",                    "/prescriptions/$x/image",    NULL, COMPLETE, HEALTH, VP, SELECTED, 409, 0, 0},
    {"GET",    X "/thumbnail",                "/prescriptions/$x/thumbnail", NULL, COMPLETE, HEALTH, VP, SELECTED, 409, 0, 0},
    {"GET",    X "/rectified",                "/prescriptions/$x/rectified", NULL, COMPLETE, HEALTH, VP, SELECTED, 409, 0, 0},
    {"GET",    X "/processing",               "/prescriptions/$w/processing", NULL, COMPLETE, HEALTH, VP, SELECTED, 200, 0, 0},
    {"GET",    X "/processing/events",        "/prescriptions/$w/processing/events", NULL, COMPLETE, HEALTH, VP, SELECTED, 200, 0, 0},
    {"GET",    X "/review",                   "/prescriptions/$w/review",   NULL, COMPLETE, HEALTH, VP, SELECTED, 200, 0, 0},
    {"POST",   X "/reprocess",                "/prescriptions/$x/reprocess", NULL, COMPLETE, HEALTH, WRITE, SELECTED, 409, 0, 0},
    {"POST",   X "/confirm",                  "/prescriptions/$w/confirm",  "{\"start_date\":\"2198-01-01\"}", COMPLETE, HEALTH, WRITE, NO_DOCTOR, 200, 0, '*'},
    {"POST",   X "/medications",              "/prescriptions/$x/medications", "{" NAME "}", COMPLETE, HEALTH, WRITE, SELECTED, 201, 0, 0},
    {"GET",    "/medications",                "/medications" OF,            NULL, COMPLETE, PATIENT, VP, SELECTED, 200, 0, 0},
    {"GET",    M,                             "/medications/$m",            NULL, COMPLETE, HEALTH, VP, SELECTED, 200, 0, 0},
    {"GET",    M "/provenance",               "/medications/$m/provenance", NULL, COMPLETE, HEALTH, VP, SELECTED, 200, 0, 0},
    {"PATCH",  M,                             "/medications/$m",            "{\"form\":\"tablet\"}", COMPLETE, HEALTH, WRITE, SELECTED, 200, 0, 0},
    {"DELETE", M,                             "/medications/$m",            NULL, COMPLETE, HEALTH, WRITE, SELECTED, 204, 0, '*'},
    {"DELETE", X,                             "/prescriptions/$x",          NULL, COMPLETE, HEALTH, WRITE, SELECTED, 204, 0, '*'},

    /* --- reminders and doses */
    {"GET",    "/schedule-templates",         "/schedule-templates",        NULL, COMPLETE, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/schedule-templates",         "/schedule-templates",        "{" NAME "," TIMES "}", COMPLETE, ONESELF, 0, NO_DOCTOR, 201, 0, 0},
    {"GET",    T,                             "/schedule-templates/$t",     NULL, COMPLETE, OWNERS, 0, NO_DOCTOR, 200, 0, 0},
    {"PATCH",  T,                             "/schedule-templates/$t",     "{\"is_default\":true}", COMPLETE, OWNERS, 0, NO_DOCTOR, 200, 0, 0},
    {"DELETE", T,                             "/schedule-templates/$t",     NULL, COMPLETE, OWNERS, 0, NO_DOCTOR, 204, 0, 't'},
    {"GET",    "/reminders",                  "/reminders" OF,              NULL, COMPLETE, PATIENT_ALL, VR, FULL, 200, 0, 0},
    {"POST",   "/reminders",                  "/reminders",                 "{\"medication_id\":\"$m\"," REMINDER "}",
     COMPLETE, HEALTH, PLAN, NO_DOCTOR, 201, 0, 0},
    {"POST",   "/reminders/preview",          "/reminders/preview",         "{" OF_PATIENT "," PREVIEW "}", COMPLETE, PATIENT_ALL, VR, FULL, 200, 0, 0},
    {"GET",    R,                             "/reminders/$r",              NULL, COMPLETE, HEALTH, VR, FULL, 200, 0, 0},
    {"PATCH",  R,                             "/reminders/$r",              "{\"critical\":true}", COMPLETE, HEALTH, PLAN, NO_DOCTOR, 200, 0, 0},
    {"POST",   R "/pause",                    "/reminders/$r/pause",        "{}", COMPLETE, HEALTH, PLAN, NO_DOCTOR, 200, 0, 0},
    {"POST",   R "/resume",                   "/reminders/$r/resume",       NULL, COMPLETE, HEALTH, PLAN, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/doses",                      "/doses" OF,                  NULL, COMPLETE, PATIENT_ALL, VR, FULL, 200, 0, 0},
    {"GET",    "/doses/today",                "/doses/today" OF,            NULL, COMPLETE, PATIENT_ALL, VR, FULL, 200, 0, 0},
    {"GET",    "/adherence",                  "/adherence" OF,              NULL, COMPLETE, PATIENT_ALL, VR, FULL, 200, 0, 0},
    {"GET",    D,                             "/doses/$d",                  NULL, COMPLETE, HEALTH, VR, FULL, 200, 0, 0},
    {"POST",   D "/snooze",                   "/doses/$d/snooze",           "{\"minutes\":5}", COMPLETE, HEALTH, LOG_DOSES, NO_DOCTOR, 200, 0, '*'},
    {"POST",   D "/take",                     "/doses/$d/take",             "{}", COMPLETE, HEALTH, LOG_DOSES, NO_DOCTOR, 200, 0, '*'},
    {"POST",   D "/skip",                     "/doses/$d/skip",             "{}", COMPLETE, HEALTH, LOG_DOSES, NO_DOCTOR, 200, 0, '*'},
    {"POST",   D "/undo",                     "/doses/$d/undo",             "{}", COMPLETE, HEALTH, LOG_DOSES, NO_DOCTOR, 409, 0, 0},
    {"POST",   "/doses/log",                  "/doses/log",                 "{\"medication_id\":\"$n\",\"dose_taken\":1}",
     COMPLETE, HEALTH, LOG_DOSES, NO_DOCTOR, 201, 0, 0},
    {"POST",   "/doses/sync",                 "/doses/sync",                "{\"events\":[]}", COMPLETE, ONESELF, 0, NO_DOCTOR, 200, 422, 0},
    {"DELETE", R,                             "/reminders/$r",              NULL, COMPLETE, HEALTH, PLAN, NO_DOCTOR, 204, 0, '*'},

    /* --- relatives. 409: the dose is not due, the request was decided */
    {"POST",   "/family/invitations",         "/family/invitations",        "{\"relationship\":\"son\"}", PATIENTS, ONESELF, 0, NO_DOCTOR, 201, 409, 0},
    {"GET",    "/family/invitations",         "/family/invitations",        NULL, PATIENTS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"DELETE", "/family/invitations/{invitation_id:uuid}", "/family/invitations/$v", NULL, PATIENTS, OWNERS, 0, NO_DOCTOR, 204, 0, 'v'},
    {"POST",   "/family/connect",             "/family/connect",            "{}", RELATIVES, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"GET",    "/family/requests",            "/family/requests",           NULL, PATIENTS | RELATIVES, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/family/requests/{request_id:uuid}/approve", "/family/requests/$k/approve", "{}", PATIENTS, OWNERS, 0, NO_DOCTOR, 200, 0, 'k'},
    {"POST",   "/family/requests/{request_id:uuid}/reject",  "/family/requests/$k/reject",  "{}", PATIENTS, OWNERS, 0, NO_DOCTOR, 200, 0, 'k'},
    {"GET",    "/family/members",             "/family/members",            NULL, PATIENTS, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"PATCH",  "/family/members/{link_id:uuid}", "/family/members/$l",      "{\"permissions\":{}}", PATIENTS, OWNERS, 0, NO_DOCTOR, 200, 0, 0},
    {"DELETE", "/family/members/{link_id:uuid}", "/family/members/$l",      NULL, PATIENTS, OWNERS, 0, NO_DOCTOR, 204, 0, 'l'},
    {"GET",    "/family/patients",            "/family/patients",           NULL, RELATIVES, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/family/patients/{patient_id:uuid}/today", "/family/patients/$p/today", NULL, RELATIVES, PATIENT_ALL, VR, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/family/patients/{patient_id:uuid}/nudge", "/family/patients/$p/nudge", "{\"dose_id\":\"$d\"}",
     RELATIVES, HEALTH, RECEIVE_ALERTS, NO_DOCTOR, 201, 0, '*'},
    {"DELETE", "/family/patients/{link_id:uuid}", "/family/patients/$l",    NULL, RELATIVES, RELATIVE, 0, NO_DOCTOR, 204, 0, 'l'},

    /* --- notices and reports: of the person who asks. A list of reports about somebody else is the list of one's own */
    {"GET",    "/notifications",              "/notifications",             NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/notifications/preferences",  "/notifications/preferences", NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"PUT",    "/notifications/preferences",  "/notifications/preferences", "{\"items\":[]}", ANY, ONESELF, 0, NO_DOCTOR, 204, 200, 0},
    {"GET",    "/notifications/stream",       "/notifications/stream",      NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/notifications/{notification_id:uuid}/read", "/notifications/$o/read", NULL, ANY, OWNERS, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/notifications/read-all",     "/notifications/read-all",    NULL, ANY, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"POST",   "/reports",                    "/reports",                   "{\"type\":\"medication_adherence\"," OF_PATIENT "}",
     COMPLETE, PATIENT_ALL, VIEW_REPORTS, FULL, 202, 0, 0},
    {"GET",    "/reports",                    "/reports" OF,                NULL, COMPLETE, ONESELF, 0, NO_DOCTOR, 200, 0, 0},
    {"GET",    "/reports/{report_id:uuid}",   "/reports/$z",                NULL, COMPLETE, OWNERS, 0, NO_DOCTOR, 200, 0, 0},

    /* --- last: what a pending account can do once, and what ends the session. 409: this was done before */
    {"POST",   "/auth/role",                  "/auth/role",                 "{\"role\":\"doctor\"}", ANY, ONESELF, 0, NO_DOCTOR, 200, 409, 0},
    {"PUT",    "/auth/profile",               "/auth/profile",              "{\"role\":\"admin\"}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"PATCH",  "/auth/profile",               "/auth/profile",              "{\"role\":\"admin\"}", ANY, ONESELF, 0, NO_DOCTOR, 422, 0, 0},
    {"DELETE", "/auth/sessions",              "/auth/sessions",             NULL, ANY, ONESELF, 0, NO_DOCTOR, 204, 200, 0},
    {"POST",   "/auth/logout",                "/auth/logout",               NULL, ANY, ONESELF, 0, NO_DOCTOR, 204, 0, 0},
    {0}};
