# messages.tsv (code, English, French, Khmer), sorted bytewise -> C table for bsearch.
BEGIN {
    FS = "\t"
    print "/* Generated from shared/http/messages.tsv: do not edit. */\n#include \"http/message.h\"\n\nconst struct message messages[] = {"
}

function escape(s) {
    gsub(/\\/, "\\\\", s)
    gsub(/"/, "\\\"", s)
    return s
}

function fail(why) {
    printf "messages.tsv: %s\n", why > "/dev/stderr"
    failed = 1
    exit 1
}

/^#/ || /^$/ { next }
NF != 4 || $2 == "" || $3 == "" || $4 == "" { fail("a line has a code and its text in English, French and Khmer: " $1) }
$1 <= last { fail("this code stands twice: " $1) }
{
    last = $1
    count++
    printf "    {\"%s\", {\"%s\", \"%s\", \"%s\"}},\n", escape($1), escape($2), escape($3), escape($4)
}

END {
    if (!failed)
        printf "};\nconst size_t messages_count = %d;\n", count
}
