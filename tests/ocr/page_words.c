/* The words generated pages are made of. Drug names are the public names of substances and common brands in the
 * spellings seen in Cambodia (English, French); hospitals, doctors and patients are invented. */
#include "page.h"

#include <string.h>

const struct drug page_drugs[] = {
    { "Paracetamol", "500mg|1g|325mg", "tablet" }, { "Paracétamol", "500mg|1g", "tablet" },
    { "Amoxicillin", "500mg|250mg", "capsule" }, { "Amoxicilline", "500mg|1g", "capsule" },
    { "Amoxicillin/Clavulanic acid", "625mg|1g", "tablet" }, { "Augmentin", "1g|625mg", "tablet" },
    { "Ampicillin", "500mg", "capsule" }, { "Cloxacillin", "500mg", "capsule" }, { "Cefixime", "200mg|100mg", "tablet" },
    { "Céfixime", "200mg", "tablet" }, { "Cefalexin", "500mg|250mg", "capsule" }, { "Céfalexine", "500mg", "capsule" },
    { "Cefuroxime", "250mg|500mg", "tablet" }, { "Ceftriaxone", "1g", "injection" }, { "Ciprofloxacin", "500mg", "tablet" },
    { "Ciprofloxacine", "500mg", "tablet" }, { "Ofloxacin", "200mg", "tablet" }, { "Levofloxacin", "500mg|250mg", "tablet" },
    { "Azithromycin", "250mg|500mg", "tablet" }, { "Clarithromycin", "500mg|250mg", "tablet" },
    { "Erythromycin", "500mg", "tablet" }, { "Doxycycline", "100mg", "capsule" }, { "Metronidazole", "250mg|500mg", "tablet" },
    { "Métronidazole", "250mg", "tablet" }, { "Co-trimoxazole", "480mg|960mg", "tablet" }, { "Nitrofurantoin", "100mg", "capsule" },
    { "Fluconazole", "150mg", "capsule" }, { "Aciclovir", "200mg|400mg", "tablet" }, { "Albendazole", "400mg", "tablet" },
    { "Mebendazole", "500mg", "tablet" }, { "Ibuprofen", "400mg|200mg", "tablet" }, { "Ibuprofène", "400mg", "tablet" },
    { "Diclofenac", "50mg|75mg", "tablet" }, { "Diclofénac", "50mg", "tablet" }, { "Celecoxib", "100mg|200mg", "capsule" },
    { "Celcoxx", "100mg|200mg", "capsule" }, { "Meloxicam", "7.5mg|15mg", "tablet" }, { "Piroxicam", "20mg", "capsule" },
    { "Tramadol", "50mg", "capsule" }, { "Naproxen", "250mg|500mg", "tablet" }, { "Efferalgan", "500mg|1g", "tablet" },
    { "Doliprane", "500mg|1g", "tablet" }, { "Aspirin", "81mg|100mg", "tablet" }, { "Aspégic", "100mg", "sachet" },
    { "Clopidogrel", "75mg", "tablet" }, { "Omeprazole", "20mg|40mg", "capsule" }, { "Oméprazole", "20mg", "capsule" },
    { "Esomeprazole", "20mg|40mg", "capsule" }, { "Esome", "20mg|40mg", "capsule" }, { "Pantoprazole", "40mg|20mg", "tablet" },
    { "Lansoprazole", "30mg", "capsule" }, { "Rabeprazole", "20mg", "tablet" }, { "Ranitidine", "150mg", "tablet" },
    { "Famotidine", "40mg|20mg", "tablet" }, { "Domperidone", "10mg", "tablet" }, { "Dompéridone", "10mg", "tablet" },
    { "Motilium", "10mg", "tablet" }, { "Metoclopramide", "10mg", "tablet" }, { "Butylscopolamine", "10mg", "tablet" },
    { "Buscopan", "10mg", "tablet" }, { "Spasfon", "80mg", "tablet" }, { "Phloroglucinol", "80mg", "tablet" },
    { "Smecta", "3g", "sachet" }, { "Loperamide", "2mg", "capsule" }, { "Simethicone", "80mg|40mg", "tablet" },
    { "Maalox", "400mg", "tablet" }, { "Phosphalugel", "20g", "sachet" }, { "Sucralfate", "1g", "sachet" },
    { "Lactulose", "10g", "sachet" }, { "Bisacodyl", "5mg", "tablet" }, { "Amlodipine", "5mg|10mg", "tablet" },
    { "Nifedipine", "20mg|10mg", "tablet" }, { "Losartan", "50mg|100mg", "tablet" }, { "Valsartan", "80mg|160mg", "tablet" },
    { "Telmisartan", "40mg|80mg", "tablet" }, { "Irbesartan", "150mg", "tablet" }, { "Captopril", "25mg", "tablet" },
    { "Enalapril", "5mg|10mg", "tablet" }, { "Perindopril", "4mg|8mg", "tablet" }, { "Lisinopril", "10mg|20mg", "tablet" },
    { "Bisoprolol", "2.5mg|5mg", "tablet" }, { "Atenolol", "50mg|100mg", "tablet" }, { "Propranolol", "40mg|10mg", "tablet" },
    { "Carvedilol", "6.25mg|12.5mg", "tablet" }, { "Furosemide", "40mg", "tablet" }, { "Furosémide", "40mg", "tablet" },
    { "Spironolactone", "25mg|50mg", "tablet" }, { "Hydrochlorothiazide", "25mg|12.5mg", "tablet" },
    { "Indapamide", "1.5mg", "tablet" }, { "Digoxin", "0.25mg", "tablet" }, { "Isosorbide dinitrate", "10mg", "tablet" },
    { "Trimetazidine", "35mg|20mg", "tablet" }, { "Atorvastatin", "20mg|10mg|40mg", "tablet" },
    { "Simvastatin", "20mg|10mg", "tablet" }, { "Rosuvastatin", "10mg|20mg", "tablet" }, { "Fenofibrate", "160mg|200mg", "capsule" },
    { "Metformin", "500mg|850mg", "tablet" }, { "Metformine", "850mg|1000mg", "tablet" }, { "Glibenclamide", "5mg", "tablet" },
    { "Gliclazide", "30mg|60mg|80mg", "tablet" }, { "Glimepiride", "2mg|4mg", "tablet" }, { "Sitagliptin", "100mg|50mg", "tablet" },
    { "Prednisolone", "5mg|20mg", "tablet" }, { "Prednisone", "5mg", "tablet" }, { "Dexamethasone", "0.5mg|4mg", "tablet" },
    { "Méthylprednisolone", "16mg|4mg", "tablet" }, { "Cetirizine", "10mg", "tablet" }, { "Cétirizine", "10mg", "tablet" },
    { "Loratadine", "10mg", "tablet" }, { "Desloratadine", "5mg", "tablet" }, { "Chlorpheniramine", "4mg", "tablet" },
    { "Fexofenadine", "180mg|120mg", "tablet" }, { "Salbutamol", "2mg|4mg", "tablet" }, { "Ventolin", "100mcg", "inhaler" },
    { "Montelukast", "10mg|5mg", "tablet" }, { "Ambroxol", "30mg", "tablet" }, { "Bromhexine", "8mg", "tablet" },
    { "Acetylcysteine", "200mg|600mg", "sachet" }, { "Carbocisteine", "375mg", "capsule" }, { "Dextromethorphan", "15mg", "tablet" },
    { "Terpine codeine", "100mg", "tablet" }, { "Multivitamine", "", "tablet" }, { "Vitamin C", "500mg|1000mg", "tablet" },
    { "Vitamin B1", "250mg|100mg", "tablet" }, { "Vitamin B complex", "", "tablet" }, { "Neurobion", "", "tablet" },
    { "Acide folique", "5mg", "tablet" }, { "Folic acid", "5mg", "tablet" }, { "Ferrous sulfate", "200mg", "tablet" },
    { "Calcium carbonate", "500mg|600mg", "tablet" }, { "Calcium D3", "600mg", "tablet" }, { "Magnésium B6", "48mg", "tablet" },
    { "Zinc sulfate", "20mg", "tablet" }, { "Allopurinol", "100mg|300mg", "tablet" }, { "Colchicine", "1mg|0.5mg", "tablet" },
    { "Amitriptyline", "25mg|10mg", "tablet" }, { "Fluoxetine", "20mg", "capsule" }, { "Sertraline", "50mg", "tablet" },
    { "Diazepam", "5mg|2mg", "tablet" }, { "Alprazolam", "0.5mg|0.25mg", "tablet" }, { "Haloperidol", "5mg", "tablet" },
    { "Risperidone", "2mg|1mg", "tablet" }, { "Carbamazepine", "200mg", "tablet" }, { "Sodium valproate", "200mg|500mg", "tablet" },
    { "Gabapentin", "300mg|100mg", "capsule" }, { "Pregabalin", "75mg|150mg", "capsule" }, { "Betahistine", "16mg|8mg|24mg", "tablet" },
    { "Flunarizine", "5mg|10mg", "capsule" }, { "Piracetam", "800mg|400mg", "tablet" }, { "Levothyroxine", "50mcg|100mcg", "tablet" },
    { "Carbimazole", "5mg", "tablet" }, { "Tamsulosin", "0.4mg", "capsule" }, { "Tranexamic acid", "500mg|250mg", "capsule" },
    { "Warfarin", "5mg|2mg", "tablet" }, { "Eperisone", "50mg", "tablet" }, { "Tizanidine", "2mg", "tablet" },
    { "Alpha-chymotrypsine", "4.2mg", "tablet" }, { "Oral rehydration salts", "20.5g", "sachet" },
    { "Paracetamol syrup", "120mg/5ml", "syrup" }, { "Amoxicillin suspension", "250mg/5ml", "syrup" },
    { "Ambroxol syrup", "30mg/5ml", "syrup" }, { "Betadine", "10%", "syrup" }, { "Hydrocortisone cream", "1%", "cream" },
    { "Ketoconazole cream", "2%", "cream" }, { "Diclofenac gel", "1%", "cream" }, { "Tobramycin", "0.3%", "drops" },
    { "Glycerin suppository", "2g", "suppository" }, { "Gentamicin", "80mg/2ml", "ampoule" }, { "Vitamin K1", "10mg/ml", "ampoule" },
};
const int page_drug_count = (int)(sizeof page_drugs / sizeof *page_drugs);

const char *const page_khmer_fonts[] = { "Khmer OS", "Khmer OS Battambang", "Khmer OS Siemreap", "Khmer OS Content",
    "Khmer OS System", "Noto Sans Khmer", "Noto Serif Khmer", "Khmer Mondulkiri", "Khmer Busra", "Khmer OS Bokor" };
const int page_khmer_font_count = (int)(sizeof page_khmer_fonts / sizeof *page_khmer_fonts);

const char *const page_latin_fonts[] = { "Liberation Sans", "Liberation Serif", "Carlito", "Caladea", "DejaVu Sans",
    "DejaVu Serif", "Roboto", "Open Sans", "Lato", "Noto Sans", "FreeSans", "C059" };
const int page_latin_font_count = (int)(sizeof page_latin_fonts / sizeof *page_latin_fonts);

const char *const page_diagnoses[] = { "Gastritis", "Gastrite aiguë", "Hypertension", "HTA", "Diabetes type 2", "Dyspepsia",
    "Pharyngitis", "Bronchite aiguë", "Chronic cystitis", "Lumbago", "Migraine", "Allergic rhinitis", "URTI", "Gastroenteritis",
    "Arthrose", "Angine", "Otitis media", "Asthma", "Peptic ulcer", "Urinary tract infection", "Hyperlipidemia", "Vertigo" };
const int page_diagnosis_count = (int)(sizeof page_diagnoses / sizeof *page_diagnoses);

#define PICK(rng, list) ((list)[rng_below((rng), (int)(sizeof (list) / sizeof *(list)))])

const char *page_hospital(struct rng *rng, enum language language)
{
    static const char *const km[] = { "មន្ទីរពេទ្យបង្អែក ស្រះឈូក", "គ្លីនិក ផ្កាឈូក", "មន្ទីរពេទ្យ អង្គរថ្មី", "មន្ទីរសម្រាកព្យាបាល ដួងចន្ទ",
        "មន្ទីរពេទ្យខេត្ត ទន្លេបៃតង", "មណ្ឌលសុខភាព ភូមិផ្កាម្លិះ", "បន្ទប់ពិគ្រោះជំងឺ សុវណ្ណ" };
    static const char *const fr[] = { "Clinique Fleur de Lotus", "Polyclinique du Mékong Bleu", "Cabinet Médical Soleil Levant",
        "Centre de Santé des Palmiers", "Hôpital Sainte Rivière" };
    static const char *const en[] = { "Golden Lotus Medical Center", "Riverbank General Hospital", "Sunrise Family Clinic",
        "Palm Garden Polyclinic", "Blue Heron Hospital" };
    return language == KM ? PICK(rng, km) : language == FR ? PICK(rng, fr) : PICK(rng, en);
}

const char *page_doctor(struct rng *rng, enum language language)
{
    static const char *const km[] = { "ចាន់ សុភា", "លឹម វណ្ណៈ", "កែវ ពិសិដ្ឋ", "ហេង មករា", "សៅ រតនា" };
    static const char *const latin[] = { "Chan Sophea", "Lim Vannak", "Keo Piseth", "Heng Makara", "Sao Ratana", "Nuon Bopha" };
    return language == KM && rng_chance(rng, 0.5) ? PICK(rng, km) : PICK(rng, latin);
}

const char *page_patient(struct rng *rng, enum language language)
{
    static const char *const km[] = { "សុខ ដារ៉ា", "ចន្ទ ស្រីមុំ", "ម៉ៅ ភារុណ", "ទេព រស្មី", "អ៊ុក សំណាង", "យឹម កល្យាណ" };
    static const char *const latin[] = { "Sok Dara", "Chan Sreymom", "Mao Phearun", "Tep Reaksmey", "Ouk Samnang", "Yim Kalyan" };
    return language == KM && rng_chance(rng, 0.7) ? PICK(rng, km) : PICK(rng, latin);
}

const char *page_unit(struct rng *rng, enum language language, const char *form)
{
    static const struct { const char *form, *km, *fr, *en; } units[] = {
        { "tablet", "គ្រាប់", "cp", "tabs" }, { "capsule", "គ្រាប់ស្រោប", "gél", "caps" }, { "syrup", "ដប", "flacon", "bottle" },
        { "sachet", "កញ្ចប់", "sachet", "sachet" }, { "ampoule", "អំពូល", "amp", "Amps" }, { "injection", "ដប", "flacon", "vial" },
        { "cream", "បំពង់", "tube", "tube" }, { "drops", "ដប", "flacon", "bottle" }, { "suppository", "គ្រាប់ស៊ុល", "supp", "supp" },
        { "inhaler", "ដប", "flacon", "inhaler" } };
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].form, form) == 0)
            return language == KM ? (rng_chance(rng, 0.12) ? units[i].en : units[i].km) : language == FR ? units[i].fr : units[i].en;
    return "";
}

const char *page_meal(struct rng *rng, enum language language, char *meal)
{
    static const char *const after[][2] = { { "ក្រោយបាយ", "ក្រោយអាហារ" }, { "après repas", "après les repas" }, { "after meal", "after meals" } };
    static const char *const before[][2] = { { "មុនបាយ", "មុនអាហារ" }, { "avant repas", "avant les repas" }, { "before meal", "before meals" } };
    bool is_after = rng_chance(rng, 0.65);
    memcpy(meal, is_after ? "after" : "before", is_after ? 6 : 7);
    return (is_after ? after : before)[language][rng_below(rng, 2)];
}

const char *page_as_needed(struct rng *rng, enum language language)
{
    static const char *const km[] = { "ពេលឈឺ", "ពេលក្តៅខ្លួន", "PRN" };
    static const char *const fr[] = { "si besoin", "si douleur", "si fièvre" };
    static const char *const en[] = { "PRN", "as needed", "if pain" };
    return language == KM ? PICK(rng, km) : language == FR ? PICK(rng, fr) : PICK(rng, en);
}
