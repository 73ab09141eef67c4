-- Programs on the control API, and what makes repeating their requests harmless.

-- A credential for the control API. It acts for its person, within its scopes.
create table management_key (
    id bigint primary key,
    user_id bigint not null references app_user (id),
    name text not null,
    -- SHA-256 of the whole presented text
    hash bytea not null unique check (octet_length(hash) = 32),
    -- beginning and end of the text, for recognition
    hint text not null,
    -- JSON list of texts
    scopes text not null,
    created_at bigint not null,
    expires_at bigint,
    last_used_at bigint,
    deleted_at bigint
);

create index management_key_by_user on management_key (user_id);

-- Requests that must not be carried out twice, by the word that their caller chose. Kept a day.
create table idempotency_key (
    -- who asked
    principal text collate "C" not null,
    key text collate "C" not null,
    -- SHA-256 of method, path and body
    request bytea not null check (octet_length(request) = 32),
    -- JSON list of the ids of what was made
    made text not null,
    created_at bigint not null,
    primary key (principal, key)
);

create index idempotency_key_by_age on idempotency_key (created_at);
