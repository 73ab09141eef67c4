-- Programs on the control API, and what makes repeating their requests harmless.

-- A credential for the control API. It acts for its person, within its scopes.
create table management_key (
    id integer primary key,
    user_id integer not null references app_user (id),
    name text not null,
    -- SHA-256 of the whole presented text
    hash blob not null unique check (length(hash) = 32),
    -- beginning and end of the text, for recognition
    hint text not null,
    -- JSON list of texts
    scopes text not null,
    created_at integer not null,
    expires_at integer,
    last_used_at integer,
    deleted_at integer
) strict;

create index management_key_by_user on management_key (user_id);

-- Requests that must not be carried out twice, by the word that their caller chose. Kept a day.
create table idempotency_key (
    -- who asked
    principal text not null,
    key text not null,
    -- SHA-256 of method, path and body
    request blob not null check (length(request) = 32),
    -- JSON list of the ids of what was made
    made text not null,
    created_at integer not null,
    primary key (principal, key)
) strict, without rowid;

create index idempotency_key_by_age on idempotency_key (created_at);
