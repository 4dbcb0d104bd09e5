/* Every growing thing has its limit here, with the unit in the name. */
#ifndef DASTERN_CORE_LIMITS_H
#define DASTERN_CORE_LIMITS_H

#define LIMIT_JSON_BODY_BYTES (1024L * 1024)
#define LIMIT_JSON_DEPTH 16
#define LIMIT_UPLOAD_BYTES (10L * 1024 * 1024)
#define LIMIT_UPLOAD_OVERHEAD_BYTES (64L * 1024)   /* boundaries, part headers and small fields around the file */
#define LIMIT_MULTIPART_PARTS 16
#define LIMIT_MULTIPART_HEADER_BYTES 4096
#define LIMIT_MULTIPART_FIELD_BYTES 8192
#define LIMIT_MULTIPART_IGNORED_BYTES 4096 /* text before the first and after the last boundary */
#define LIMIT_PATH_BYTES 2048
#define LIMIT_QUERY_BYTES 4096
#define LIMIT_QUERY_PARAMS 32
#define LIMIT_TOKEN_BYTES 2048
#define LIMIT_FETCH_BYTES (256L * 1024)      /* an answer of an OpenID provider */
#define LIMIT_ID_TOKEN_BYTES (16L * 1024)
#define LIMIT_TEXT_CHARS 10000        /* code points of one text input that names no smaller limit */
#define LIMIT_FAULTS 100              /* faults reported for one request */
#define LIMIT_ROUTES 64               /* of one area */
#define LIMIT_FIELDS 64               /* fields of one route, captures included */
#define LIMIT_STATEMENT_PARAMS 64
#define LIMIT_STATEMENTS 256          /* prepared statements of one connection */
#define LIMIT_CONNECTIONS 1024        /* accepted FastCGI connections of one worker process */
#define LIMIT_PARKED 256              /* requests of one worker process that wait for something to happen */
#define LIMIT_STREAMS_PER_USER 8      /* of one account in one worker process. A phone that changes its network leaves one behind each time */
#define LIMIT_WAITS_PER_USER 8        /* the same for requests that wait because their client said ?wait= */
#define LIMIT_SEEN_BYTES 128          /* what a parked request remembers between its turns */
#define LIMIT_LIST_DEFAULT 20
#define LIMIT_LIST_MAX 100
#define LIMIT_TOKEN_KEYS 16           /* key files in use; more, and the oldest names are left out */
#define LIMIT_TOKEN_CACHE 1024        /* verified tokens remembered by one worker process */
#define LIMIT_RATE_KEYS 4096          /* local rate buckets of one worker process */

#endif
