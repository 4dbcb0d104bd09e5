/* The catalogue of e-mails. A template is sent with the values its placeholders name, nothing else of the account. */
#include "mail_text.h"

#include "core/str.h"
#include "placeholders.h"

struct words {
    const char *subject, *text;
};

struct template {
    const char *name;
    struct words in[LANGUAGES];
};

static const struct template templates[] = {
    /* Any notice of the app: the subject is the notice's title, which is fit for a lock screen. */
    {"notice",
     {[KM] = {"{title}", "{title}\n\nសូមបើកកម្មវិធី DasTern ដើម្បីមើលព័ត៌មានលម្អិត។\n"},
      [EN] = {"{title}", "{title}\n\nPlease open DasTern to see the details.\n"},
      [FR] = {"{title}", "{title}\n\nVeuillez ouvrir DasTern pour voir les détails.\n"}}},
    {"account.verify_email",
     {[KM] = {"បញ្ជាក់អាសយដ្ឋានអ៊ីមែលរបស់អ្នក",
              "លេខកូដបញ្ជាក់របស់អ្នកគឺ៖ {code}\n\nឬបើកតំណនេះ៖\n{link}\n\nវាអាចប្រើបានក្នុងរយៈពេល {minutes} នាទី។ "
              "ប្រសិនបើអ្នកមិនបានស្នើទេ សូមកុំខ្វល់នឹងសារនេះ។\n"},
      [EN] = {"Confirm your e-mail address",
              "Your confirmation code is: {code}\n\nOr open this link:\n{link}\n\nIt works for {minutes} minutes. "
              "If you did not ask for it, please ignore this message.\n"},
      [FR] = {"Confirmez votre adresse e-mail",
              "Votre code de confirmation est : {code}\n\nOu ouvrez ce lien :\n{link}\n\nIl est valable {minutes} minutes. "
              "Si vous n'avez rien demandé, ignorez ce message.\n"}}},
    {"account.reset_password",
     {[KM] = {"កំណត់ពាក្យសម្ងាត់ថ្មី",
              "លេខកូដសម្រាប់កំណត់ពាក្យសម្ងាត់ថ្មីគឺ៖ {code}\n\nឬបើកតំណនេះ៖\n{link}\n\nវាអាចប្រើបានម្តងក្នុងរយៈពេល {minutes} នាទី។ "
              "ប្រសិនបើអ្នកមិនបានស្នើទេ សូមកុំខ្វល់នឹងសារនេះ ហើយកុំផ្តល់លេខកូដឱ្យអ្នកណាឡើយ។\n"},
      [EN] = {"Choose a new password",
              "Your code to choose a new password is: {code}\n\nOr open this link:\n{link}\n\nIt works once, for {minutes} "
              "minutes. If you did not ask for it, ignore this message, and give the code to nobody.\n"},
      [FR] = {"Choisissez un nouveau mot de passe",
              "Votre code pour choisir un nouveau mot de passe est : {code}\n\nOu ouvrez ce lien :\n{link}\n\nIl sert une seule "
              "fois, pendant {minutes} minutes. Si vous n'avez rien demandé, ignorez ce message et ne donnez le code à personne.\n"}}},
    {"account.change_email",
     {[KM] = {"បញ្ជាក់អាសយដ្ឋានអ៊ីមែលថ្មីរបស់អ្នក",
              "លេខកូដដើម្បីប្រើអាសយដ្ឋាននេះជាមួយ DasTern គឺ៖ {code}\n\nឬបើកតំណនេះ៖\n{link}\n\nវាអាចប្រើបានក្នុងរយៈពេល {minutes} នាទី។ "
              "ប្រសិនបើអ្នកមិនបានស្នើទេ សូមកុំខ្វល់នឹងសារនេះ។\n"},
      [EN] = {"Confirm your new e-mail address",
              "Your code to use this address with DasTern is: {code}\n\nOr open this link:\n{link}\n\nIt works for {minutes} "
              "minutes. If you did not ask for it, please ignore this message.\n"},
      [FR] = {"Confirmez votre nouvelle adresse e-mail",
              "Votre code pour utiliser cette adresse avec DasTern est : {code}\n\nOu ouvrez ce lien :\n{link}\n\nIl est valable "
              "{minutes} minutes. Si vous n'avez rien demandé, ignorez ce message.\n"}}},
    {"account.email_changed",
     {[KM] = {"អាសយដ្ឋានអ៊ីមែលរបស់គណនីអ្នកត្រូវបានប្តូរ",
              "គណនី DasTern របស់អ្នកមិនប្រើអាសយដ្ឋាននេះទៀតទេ។ ប្រសិនបើមិនមែនជាអ្នកទេ សូមទាក់ទងមកយើងជាបន្ទាន់។\n"},
      [EN] = {"The e-mail address of your account was changed",
              "Your DasTern account no longer uses this address. If that was not you, please contact us at once.\n"},
      [FR] = {"L'adresse e-mail de votre compte a changé",
              "Votre compte DasTern n'utilise plus cette adresse. Si ce n'est pas vous, contactez-nous tout de suite.\n"}}},
    {"account.phone_changed",
     {[KM] = {"លេខទូរស័ព្ទរបស់គណនីអ្នកត្រូវបានប្តូរ",
              "លេខទូរស័ព្ទរបស់គណនី DasTern អ្នកត្រូវបានប្តូរ។ ប្រសិនបើមិនមែនជាអ្នកទេ សូមប្តូរពាក្យសម្ងាត់ជាបន្ទាន់។\n"},
      [EN] = {"The phone number of your account was changed",
              "The phone number of your DasTern account was changed. If that was not you, change your password at once.\n"},
      [FR] = {"Le numéro de téléphone de votre compte a changé",
              "Le numéro de téléphone de votre compte DasTern a changé. Si ce n'est pas vous, changez tout de suite votre mot de "
              "passe.\n"}}},
    {"account.password_changed",
     {[KM] = {"ពាក្យសម្ងាត់របស់អ្នកត្រូវបានប្តូរ",
              "ពាក្យសម្ងាត់នៃគណនី DasTern របស់អ្នកត្រូវបានប្តូរ ហើយឧបករណ៍ផ្សេងទៀតត្រូវបានចាកចេញ។ "
              "ប្រសិនបើមិនមែនជាអ្នកទេ សូមកំណត់ពាក្យសម្ងាត់ថ្មីជាបន្ទាន់។\n"},
      [EN] = {"Your password was changed",
              "The password of your DasTern account was changed, and other devices were signed out. If that was not you, reset "
              "your password at once.\n"},
      [FR] = {"Votre mot de passe a changé",
              "Le mot de passe de votre compte DasTern a changé et les autres appareils ont été déconnectés. Si ce n'est pas "
              "vous, réinitialisez tout de suite votre mot de passe.\n"}}},
    {"account.register_again",
     {[KM] = {"អ្នកមានគណនីរួចហើយ",
              "មានអ្នកបានព្យាយាមចុះឈ្មោះ DasTern ដោយប្រើអាសយដ្ឋាននេះ ដែលមានគណនីរួចហើយ។ "
              "ប្រសិនបើជាអ្នក សូមចូលគណនី ឬកំណត់ពាក្យសម្ងាត់ថ្មី។ ប្រសិនបើមិនមែនទេ អ្នកមិនចាំបាច់ធ្វើអ្វីឡើយ។\n"},
      [EN] = {"You already have an account",
              "Somebody tried to register with DasTern using this address, which has an account. If it was you, sign in or reset "
              "your password. If not, there is nothing you need to do.\n"},
      [FR] = {"Vous avez déjà un compte",
              "Quelqu'un a voulu s'inscrire à DasTern avec cette adresse, qui a déjà un compte. Si c'est vous, connectez-vous ou "
              "réinitialisez votre mot de passe. Sinon, vous n'avez rien à faire.\n"}}},
    {"account.totp_on",
     {[KM] = {"ការផ្ទៀងផ្ទាត់ពីរជំហានត្រូវបានបើក",
              "ការចូលគណនី DasTern របស់អ្នកឥឡូវត្រូវការលេខកូដពីកម្មវិធីផ្ទៀងផ្ទាត់។ ប្រសិនបើមិនមែនជាអ្នកទេ សូមប្តូរពាក្យសម្ងាត់ជាបន្ទាន់។\n"},
      [EN] = {"Two-step sign-in was turned on",
              "Signing in to your DasTern account now also takes a code of your authenticator app. If that was not you, change "
              "your password at once.\n"},
      [FR] = {"La connexion en deux étapes est activée",
              "La connexion à votre compte DasTern demande désormais aussi un code de votre application d'authentification. Si ce "
              "n'est pas vous, changez tout de suite votre mot de passe.\n"}}},
    {"account.totp_off",
     {[KM] = {"ការផ្ទៀងផ្ទាត់ពីរជំហានត្រូវបានបិទ",
              "ការចូលគណនី DasTern របស់អ្នកត្រូវការតែពាក្យសម្ងាត់ប៉ុណ្ណោះ។ ប្រសិនបើមិនមែនជាអ្នកទេ សូមប្តូរពាក្យសម្ងាត់ជាបន្ទាន់។\n"},
      [EN] = {"Two-step sign-in was turned off",
              "Signing in to your DasTern account now takes only the password. If that was not you, change your password at once.\n"},
      [FR] = {"La connexion en deux étapes est désactivée",
              "La connexion à votre compte DasTern ne demande plus que le mot de passe. Si ce n'est pas vous, changez-le tout de "
              "suite.\n"}}},
    {"account.deletion_scheduled",
     {[KM] = {"គណនីរបស់អ្នកនឹងត្រូវបានលុប",
              "គណនី DasTern របស់អ្នក និងទិន្នន័យទាំងអស់នៅក្នុងនោះ នឹងត្រូវបានលុបនៅថ្ងៃទី {date}។ ប្រសិនបើអ្នកចង់រក្សាទុក សូមចូលគណនីមុនថ្ងៃនោះ។\n"},
      [EN] = {"Your account will be deleted",
              "Your DasTern account and everything in it will be deleted on {date}. To keep it, sign in before that day.\n"},
      [FR] = {"Votre compte sera supprimé",
              "Votre compte DasTern et tout son contenu seront supprimés le {date}. Pour le garder, connectez-vous avant ce "
              "jour.\n"}}},
};
#define TEMPLATE_COUNT (sizeof templates / sizeof *templates)

static const char *const footers[LANGUAGES] = {
    [KM] = "\n-- \nDasTern។ សារនេះត្រូវបានផ្ញើដោយស្វ័យប្រវត្តិ។ យើងមិនផ្ញើព័ត៌មានសុខភាពតាមអ៊ីមែលទេ។\n",
    [EN] = "\n-- \nDasTern. This message was sent automatically. We never send details of your health by e-mail.\n",
    [FR] = "\n-- \nDasTern. Ce message est automatique. Nous n'envoyons jamais d'informations de santé par e-mail.\n",
};

static const struct template *find_template(const char *name)
{
    for (size_t i = 0; i < TEMPLATE_COUNT; i++)
        if (str_eq(templates[i].name, name))
            return &templates[i];
    return NULL;
}

enum err mail_text(struct arena *mem, const char *template, const char *language, const json_t *values, char **subject,
                   char **text)
{
    const struct template *found = find_template(template);
    if (!found)
        return E_NOT_FOUND;
    enum language index = language_index(language);
    char *filled;
    enum err e = placeholders_fill(mem, found->in[index].subject, values, subject);
    if (e == OK)
        e = placeholders_fill(mem, found->in[index].text, values, &filled);
    if (e == OK)
        *text = arena_printf(mem, "%s%s", filled, footers[index]);
    return e;
}

const char *mail_text_name(size_t k)
{
    return k < TEMPLATE_COUNT ? templates[k].name : NULL;
}
