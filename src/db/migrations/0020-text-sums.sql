-- The checksum of a text covers its title, too, from now on: what it covers is said beside it.

ALTER TABLE document_text ADD COLUMN sum_covers TEXT NOT NULL DEFAULT 'body'; -- body: as published before; article: title and body
