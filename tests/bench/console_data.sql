-- What follows from the rows of event and connector_log, for `console_data.py`; statements end with an empty line.

INSERT INTO entry_key (entry_id, connection, number, target)
SELECT id, CASE WHEN id / 4 % 3 > 0 THEN 'shop-us' ELSE 'shop-eu' END, (100000000 + id / 4)::text, target
FROM connector_log

INSERT INTO journal (entry_id, at, old, new, code, reason, actor)
SELECT id, created_at + n * interval '1 second',
  CASE n WHEN 0 THEN NULL WHEN 1 THEN 'queued' ELSE 'delivering' END,
  CASE n WHEN 0 THEN 'queued' WHEN 1 THEN 'delivering' ELSE status END,
  CASE n WHEN 2 THEN code ELSE '' END, CASE n WHEN 2 THEN reason ELSE '' END, 'connector'
FROM connector_log, generate_series(0, 2) n

INSERT INTO step (entry_id, position, key, kind, reference, spec, done_at, wanted, adopted, document, seen)
SELECT id, 0, 'step:' || id, split_part(type, '.', 1), 'r' || id,
  jsonb_build_object('kind', split_part(type, '.', 1), 'order', jsonb_build_object('order', jsonb_build_object(
    'connection', source, 'kind', 'order', 'number', CASE source
      WHEN 'erp-main' THEN 'SO' || lpad((id / 4)::text, 7, '0') ELSE (100000000 + id / 4)::text END))),
  CASE status WHEN 'published' THEN updated_at END, true, false,
  CASE status WHEN 'published' THEN
    jsonb_build_object('connection', target, 'kind', split_part(type, '.', 1), 'number', target_number) END,
  '{}'
FROM connector_log

INSERT INTO attempt (entry_id, number, token, started_at, ended_at, outcome, code, reason, late, exchanges)
SELECT id, 1, 1, updated_at, updated_at, status, code, reason, false, jsonb_build_array(
  jsonb_build_object('method', 'POST', 'url', 'http://shop.example/rest/V1/order/' || id, 'status', 200, 'error', '',
    'at', updated_at, 'elapsed_ms', 12, 'request_headers', jsonb_build_object('Accept', 'application/json'),
    'request_body', repeat('x', 300), 'reply_headers', '{}'::jsonb, 'reply_body', '"1"'))
FROM connector_log

INSERT INTO link (kind, source_connection, source_number, target_kind, target_connection, target_number, origin,
  entry_id, created_at)
SELECT 'order', CASE WHEN id / 4 % 3 > 0 THEN 'shop-us' ELSE 'shop-eu' END, (100000000 + id / 4)::text, 'order',
  'erp-main', 'SO' || lpad((id / 4)::text, 7, '0'), 'created', id, created_at
FROM connector_log WHERE id % 4 = 0

INSERT INTO link (kind, source_connection, source_number, target_kind, target_connection, target_number, origin,
  entry_id, created_at)
SELECT split_part(type, '.', 1), source, source_number, split_part(type, '.', 1), target, target_number, 'created',
  id, created_at
FROM connector_log WHERE id % 4 > 0 AND target_number <> ''

INSERT INTO tally
SELECT to_timestamp(floor(extract(epoch FROM created_at) / 300) * 300), flow, status, count(*), 1500 * count(*), 4000,
  CASE status WHEN 'published' THEN
    jsonb_build_array(0, 0, 0, 0, 1, count(*), 0, 0, 0, 0, 0, 0, 0, 0, 0) ELSE '[]' END
FROM connector_log GROUP BY 1, 2, 3

INSERT INTO flow_route SELECT DISTINCT flow, type, source, target FROM connector_log

INSERT INTO lane (name, connection, token, paused, code, reason, failures, updated_at)
SELECT name, name, 1, false, '', '', 0, now() FROM unnest(array['erp-main', 'shop-us', 'shop-eu', 'station']) name

UPDATE mark SET position = j.top, top = j.top, top_at = now()
FROM (SELECT max(id) AS top FROM journal) j WHERE name = 'journal'

UPDATE mark SET position = j.top, top = j.top, top_at = now()
FROM (SELECT max(id) AS top FROM link) j WHERE name = 'link'

SELECT setval(pg_get_serial_sequence(name, 'id'), 10000000) FROM unnest(array['event', 'connector_log']) name
