-- 020: the size of the straightened picture, which the reader's boxes refer to.

ALTER TABLE prescriptions
    ADD COLUMN rectified_width  integer,
    ADD COLUMN rectified_height integer,
    ADD CONSTRAINT "prescription.rectified_size" CHECK (rectified_width > 0 AND rectified_height > 0);
