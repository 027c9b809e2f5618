-- PostgreSQL: a role for the operator that can add records and read them, and can neither change nor remove one.
-- Run as the owner of the tables, after `slipway audit migrate --database postgresql://OWNER@HOST/slipway`:
--   psql --dbname slipway --set role=slipway_operator --file role.sql
GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT ON records TO :"role";
GRANT SELECT ON anchors, marks, alembic_version TO :"role";
-- What has still to be delivered of the notifications is no part of the log.
GRANT SELECT, INSERT, UPDATE, DELETE ON notified, deliveries TO :"role";
