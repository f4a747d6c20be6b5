-- What is written in numbers is sent as an array of rows: an array a column costs the driver several times as much.
CREATE TYPE runtime.new_event AS (event_id uuid, type text, key text, trace_id text, correlation_id text, payload jsonb);
CREATE TYPE runtime.new_answer AS (scope text, request_hash text, answer jsonb);
CREATE TYPE runtime.new_audit_entry AS (actor text, action text, subject text, correlation_id text, facts jsonb);
CREATE TYPE runtime.new_saga AS (id uuid, trace_id text, correlation_id text);
CREATE TYPE runtime.held_saga AS (id uuid, fence bigint, step int, undoing boolean);
CREATE TYPE runtime.settled_saga AS (id uuid, phase text, step int, undoing boolean, attempt int, attempt_group int,
                                     cancel text, why text, refused boolean, delay_s float8, keep boolean, fence_step int);
CREATE TYPE runtime.new_note AS (saga_id uuid, step text, message text, detail text);
