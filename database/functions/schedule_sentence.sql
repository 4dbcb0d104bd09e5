-- A schedule in one plain sentence, in Khmer, English or French, for a person to check before it is kept.

-- "a", "a and b", "a, b and c" in the language's way.
CREATE OR REPLACE FUNCTION word_list(words text[], language text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE WHEN cardinality(words) < 2 THEN words[1]
                ELSE array_to_string(words[:cardinality(words) - 1], CASE language WHEN 'km' THEN ' ' ELSE ', ' END)
                     || CASE language WHEN 'km' THEN ' និង ' WHEN 'fr' THEN ' et ' ELSE ' and ' END || words[cardinality(words)] END
$$;

CREATE OR REPLACE FUNCTION month_name(day date, language text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT (CASE language
        WHEN 'km' THEN ARRAY['មករា', 'កុម្ភៈ', 'មីនា', 'មេសា', 'ឧសភា', 'មិថុនា', 'កក្កដា', 'សីហា', 'កញ្ញា', 'តុលា', 'វិច្ឆិកា', 'ធ្នូ']
        WHEN 'fr' THEN ARRAY['janvier', 'février', 'mars', 'avril', 'mai', 'juin', 'juillet', 'août', 'septembre', 'octobre', 'novembre', 'décembre']
        ELSE ARRAY['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December']
    END)[extract(month FROM day)::integer]
$$;

CREATE OR REPLACE FUNCTION date_words(day date, language text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT
AS $$
    SELECT format(CASE language WHEN 'km' THEN 'ថ្ងៃទី%s ខែ%s ឆ្នាំ%s' ELSE '%s %s %s' END,
                  CASE WHEN language = 'fr' AND extract(day FROM day) = 1 THEN '1er' ELSE extract(day FROM day)::text END,
                  month_name(day, language), extract(year FROM day))
$$;

CREATE OR REPLACE FUNCTION weekday_names(days jsonb, language text) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT array_agg((CASE language
               WHEN 'km' THEN ARRAY['ចន្ទ', 'អង្គារ', 'ពុធ', 'ព្រហស្បតិ៍', 'សុក្រ', 'សៅរ៍', 'អាទិត្យ']
               WHEN 'fr' THEN ARRAY['lundi', 'mardi', 'mercredi', 'jeudi', 'vendredi', 'samedi', 'dimanche']
               ELSE ARRAY['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] END)[d] ORDER BY d)
      FROM (SELECT DISTINCT jsonb_array_elements_text(days)::integer AS d) AS day
$$;

CREATE OR REPLACE FUNCTION month_days(days jsonb, language text) RETURNS text[]
LANGUAGE sql IMMUTABLE
AS $$
    SELECT array_agg(CASE WHEN language = 'fr' AND d = 1 THEN '1er' ELSE d::text END ORDER BY d)
      FROM (SELECT DISTINCT jsonb_array_elements_text(days)::integer AS d) AS day
$$;

-- On which days. The recurrence is a valid one (recurrence_fault).
CREATE OR REPLACE FUNCTION recurrence_words(r jsonb, language text) RETURNS text
LANGUAGE sql IMMUTABLE
AS $$
    SELECT CASE language
        WHEN 'km' THEN CASE r ->> 'type'
            WHEN 'daily'        THEN 'រៀងរាល់ថ្ងៃ'
            WHEN 'every_n_days' THEN format('រៀងរាល់ %s ថ្ងៃម្តង', r ->> 'n')
            WHEN 'weekdays'     THEN 'រៀងរាល់ថ្ងៃ' || word_list(weekday_names(r -> 'days', 'km'), 'km')
            WHEN 'monthly'      THEN format('រៀងរាល់ខែ ថ្ងៃទី %s', word_list(month_days(r -> 'days', 'km'), 'km'))
            ELSE format('ប្រើ %s ថ្ងៃ រួចឈប់ %s ថ្ងៃ ឆ្លាស់គ្នា', r ->> 'on', r ->> 'off') END
        WHEN 'fr' THEN CASE r ->> 'type'
            WHEN 'daily'        THEN 'tous les jours'
            WHEN 'every_n_days' THEN format('tous les %s jours', r ->> 'n')
            WHEN 'weekdays'     THEN 'chaque ' || word_list(weekday_names(r -> 'days', 'fr'), 'fr')
            WHEN 'monthly'      THEN format('le %s de chaque mois', word_list(month_days(r -> 'days', 'fr'), 'fr'))
            ELSE format('par cycles (jours avec : %s, jours sans : %s)', r ->> 'on', r ->> 'off') END
        ELSE CASE r ->> 'type'
            WHEN 'daily'        THEN 'every day'
            WHEN 'every_n_days' THEN format('every %s days', r ->> 'n')
            WHEN 'weekdays'     THEN 'every ' || word_list(weekday_names(r -> 'days', 'en'), 'en')
            WHEN 'monthly'      THEN format('on day %s of every month', word_list(month_days(r -> 'days', 'en'), 'en'))
            ELSE format('in cycles (days on: %s, days off: %s)', r ->> 'on', r ->> 'off') END
    END
$$;

-- "2 tablets at 07:00 every day from 31 January 2026 to 6 February 2026." A decimal comma in French; without an end, from when on.
CREATE OR REPLACE FUNCTION schedule_sentence(language text, recurrence jsonb, at_time time, amount numeric, unit text, first date, last date)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
DECLARE
    dose text := concat_ws(' ', replace(trim_scale(amount)::text, '.', CASE language WHEN 'fr' THEN ',' ELSE '.' END), unit);
    clock text := to_char(at_time, 'HH24:MI');
    days text;
    begins text := date_words(first, language);
    ends text := date_words(last, language);
BEGIN
    IF recurrence_fault(recurrence) IS NOT NULL THEN
        PERFORM refuse('DT422', 'reminder.recurrence', 'This is not a known recurrence.');
    ELSIF last < first THEN
        PERFORM refuse('DT422', 'reminder.date_order', 'The end date comes before the start date.');
    ELSIF first < date '2000-01-01' OR greatest(first, last) > date '2200-01-01' THEN
        PERFORM refuse('DT422', 'reminder.date_range', 'This date is too far away.');
    END IF;
    days := recurrence_words(recurrence, language);
    RETURN CASE language
        WHEN 'km' THEN format('%s នៅម៉ោង %s %s ចាប់ពី%s', dose, clock, days, begins) || coalesce(' ដល់' || ends, '') || '។'
        WHEN 'fr' THEN format('%s à %s, %s, ', dose, clock, days)
                       || CASE WHEN last IS NULL THEN format('à partir du %s.', begins) ELSE format('du %s au %s.', begins, ends) END
        ELSE format('%s at %s %s from %s', dose, clock, days, begins) || coalesce(' to ' || ends, ' on') || '.'
    END;
END $$;
