/* The catalogue of text messages. Each goes out as few parts as it can: 70 characters in Khmer, 153 in Latin letters. */
#include "sms_text.h"

#include "core/str.h"
#include "placeholders.h"

static const struct sms_template {
    const char *name, *in[LANGUAGES];
} templates[] = {
    {"account.phone_code",
     {[KM] = "DasTern៖ លេខកូដរបស់អ្នកគឺ {code} ប្រើបាន {minutes} នាទី។ កុំប្រាប់អ្នកណាឡើយ។",
      [EN] = "DasTern: your code is {code}. It works for {minutes} minutes. Tell it to nobody.",
      [FR] = "DasTern : votre code est {code}, valable {minutes} minutes. Ne le dites à personne."}},
    {"account.phone_changed",
     {[KM] = "DasTern៖ លេខនេះត្រូវបានដកចេញពីគណនីរបស់អ្នក។ បើមិនមែនអ្នក សូមប្តូរពាក្យសម្ងាត់។",
      [EN] = "DasTern: your account no longer uses this number. If that was not you, change your password at once.",
      [FR] = "DasTern : votre compte n'utilise plus ce numéro. Si ce n'est pas vous, changez tout de suite votre mot de passe."}},
};
#define TEMPLATE_COUNT (sizeof templates / sizeof *templates)

enum err sms_text(struct arena *mem, const char *template, const char *language, const json_t *values, char **text)
{
    for (size_t i = 0; i < TEMPLATE_COUNT; i++)
        if (str_eq(templates[i].name, template))
            return placeholders_fill(mem, templates[i].in[language_index(language)], values, text);
    return E_NOT_FOUND;
}

const char *sms_text_name(size_t k)
{
    return k < TEMPLATE_COUNT ? templates[k].name : NULL;
}
