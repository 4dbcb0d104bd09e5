-- 016: names of medicines, their ingredients and interactions, each row bound to the dataset version it came from.

CREATE TABLE dataset_versions (
    id        uuid PRIMARY KEY DEFAULT uuid_v7(),
    name      text NOT NULL,
    version   text NOT NULL,
    source    text NOT NULL,
    licence   text NOT NULL,
    is_active boolean NOT NULL DEFAULT true,
    loaded_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT "dataset.version_taken" UNIQUE (name, version)
);

CREATE TABLE drug_ingredients (
    id         uuid PRIMARY KEY DEFAULT uuid_v7(),
    name       text NOT NULL,                -- international nonproprietary name, lower case
    class      text,
    atc        text,
    dataset_id uuid NOT NULL REFERENCES dataset_versions,
    CONSTRAINT "ingredient.name_taken" UNIQUE (name),
    CONSTRAINT "ingredient.name_lower" CHECK (name = lower(name)),
    CONSTRAINT "ingredient.atc_form" CHECK (atc ~ '^[A-Z][0-9]{2}([A-Z]{1,2}([0-9]{2})?)?$')
);
CREATE INDEX drug_ingredients_class ON drug_ingredients (class);
CREATE INDEX drug_ingredients_dataset ON drug_ingredients (dataset_id);

CREATE TABLE drug_lexicon (
    id            uuid PRIMARY KEY DEFAULT uuid_v7(),
    name          text NOT NULL,             -- as it is printed
    kind          text NOT NULL,
    language      text NOT NULL,
    ingredient_id uuid NOT NULL REFERENCES drug_ingredients,
    dataset_id    uuid NOT NULL REFERENCES dataset_versions,
    CONSTRAINT "lexicon.kind" CHECK (kind IN ('inn', 'french', 'brand', 'synonym')),
    CONSTRAINT "lexicon.language" CHECK (language IN ('la', 'en', 'fr', 'km')),
    CONSTRAINT "lexicon.name_length" CHECK (char_length(btrim(name)) BETWEEN 2 AND 200)
);
CREATE UNIQUE INDEX "lexicon.name_taken" ON drug_lexicon (lower(name), ingredient_id);   -- a combined product has a row per ingredient
CREATE INDEX drug_lexicon_ingredient ON drug_lexicon (ingredient_id);
CREATE INDEX drug_lexicon_dataset ON drug_lexicon (dataset_id);

CREATE TABLE drug_interactions (
    ingredient_a uuid NOT NULL REFERENCES drug_ingredients,
    ingredient_b uuid NOT NULL REFERENCES drug_ingredients,
    severity     text NOT NULL,
    description  jsonb NOT NULL,             -- {"km": …, "en": …, "fr": …}
    dataset_id   uuid NOT NULL REFERENCES dataset_versions,
    PRIMARY KEY (ingredient_a, ingredient_b, dataset_id),
    CONSTRAINT "interaction.order" CHECK (ingredient_a < ingredient_b),
    CONSTRAINT "interaction.severity" CHECK (severity IN ('minor', 'moderate', 'major', 'contraindicated'))
);
CREATE INDEX drug_interactions_b ON drug_interactions (ingredient_b);
CREATE INDEX drug_interactions_dataset ON drug_interactions (dataset_id);
