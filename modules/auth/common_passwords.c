/* The most used passwords: common-passwords.txt, taken into the executable as it is and searched by halving. */
#include "common_passwords.h"

#include <stddef.h>
#include <string.h>

/* The path is from the top of the tree, where make runs. */
__asm__(".pushsection .rodata\n"
        "common_passwords: .incbin \"modules/auth/common-passwords.txt\"\n"
        "common_passwords_end:\n"
        ".popsection\n");
extern const char common_passwords[], common_passwords_end[];

/* Like strcmp of `word` and the line that starts at `line`. */
static int compare_line(const char *word, const char *line)
{
    for (;; word++, line++) {
        unsigned char a = (unsigned char)*word, b = (unsigned char)(*line == '\n' ? 0 : *line);
        if (a != b || a == 0)
            return a - b;
    }
}

/* Lines are in byte order; the halves are kept at line starts. */
bool password_is_common(const char *password)
{
    const char *from = common_passwords, *to = common_passwords_end;
    while (from < to) {
        const char *line = from + (to - from) / 2;
        while (line > from && line[-1] != '\n')
            line--;
        int order = compare_line(password, line);
        if (order == 0)
            return true;
        if (order < 0)
            to = line;
        else
            from = (const char *)memchr(line, '\n', (size_t)(common_passwords_end - line)) + 1;
    }
    return false;
}
