-- How people sign in: a second factor, invitations, and links that are sent by mail.

-- When the person last showed their password or factor; the session then got a new id.
alter table session add column stepped_up_at integer not null default 0;

update session set stepped_up_at = created_at;

-- A person's authenticator app (TOTP, RFC 6238).
create table totp_factor (
    user_id integer primary key references app_user (id),
    -- the seed in base32, sealed for this table, row and column
    seed blob not null,
    -- null until a code has shown that the app has the seed; it then asks at every sign-in
    confirmed_at integer,
    -- the newest thirty seconds whose code was used, so that none is used twice
    last_step integer not null default 0,
    created_at integer not null
) strict;

-- What replaces the app when it is lost. A row is removed when it is used.
create table recovery_code (
    user_id integer not null references app_user (id),
    -- SHA-256 of the code, of 80 random bits
    hash blob not null check (length(hash) = 32),
    created_at integer not null,
    primary key (user_id, hash)
) strict;

-- A browser that showed the right password and still owes the second factor. It has no session.
create table pending_sign_in (
    -- SHA-256 of what the browser's cookie holds
    hash blob primary key check (length(hash) = 32),
    user_id integer not null references app_user (id),
    created_at integer not null,
    expires_at integer not null
) strict;

create index pending_sign_in_by_user on pending_sign_in (user_id);

-- Leave to register, given by an operator. A used or withdrawn one stays, for the record.
create table invitation (
    id integer primary key,
    -- SHA-256 of the code, of 128 random bits
    hash blob not null unique check (length(hash) = 32),
    -- lower case; null: whoever has the link
    email text,
    -- null: the standard tier
    tier_id integer references tier (id),
    -- who gave it, as the audit names them
    created_by text not null,
    created_at integer not null,
    expires_at integer not null,
    used_at integer,
    used_by integer references app_user (id),
    withdrawn_at integer
) strict;

-- A link that was sent by mail and works once.
create table mail_code (
    -- SHA-256 of the code, of 128 random bits
    hash blob primary key check (length(hash) = 32),
    purpose text not null check (purpose in ('register', 'reset')),
    -- lower case
    email text not null,
    -- for a reset: SHA-256 of the password's hash at that time, so that any change voids the link
    bound_to blob check (length(bound_to) = 32),
    -- for a registration by invitation
    invitation_id integer references invitation (id),
    created_at integer not null,
    expires_at integer not null
) strict;

create index mail_code_by_email on mail_code (email);
