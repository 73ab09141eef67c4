-- Redemption codes: money that an operator gives out as a text.

-- Codes that were made together, and on which terms.
create table redemption_batch (
    id integer primary key,
    note text not null,
    -- what each use of each code is worth, in nano-dollars
    amount integer not null check (amount > 0),
    once_per_account integer not null check (once_per_account in (0, 1)),
    -- null is never
    expires_at integer,
    created_by text not null,
    created_at integer not null
) strict;

create table redemption_code (
    id integer primary key,
    batch_id integer not null references redemption_batch (id),
    -- SHA-256 of the code, which is nowhere else
    hash blob not null unique,
    -- its first group and its last
    hint text not null,
    -- how often it may be redeemed, and was
    uses integer not null check (uses > 0),
    used integer not null default 0 check (used between 0 and uses),
    -- no more from then on; what was redeemed stays
    revoked_at integer,
    revoked_by text check ((revoked_by is null) = (revoked_at is null))
) strict;

create index redemption_code_by_batch on redemption_code (batch_id, id);

-- Uses of codes. Each is written with its ledger entry and the code's new `used`, in one transaction
-- of the ledger writer.
create table redemption (
    id integer primary key,
    code_id integer not null references redemption_code (id),
    -- which of its uses: a code cannot be redeemed more often than it has numbers
    number integer not null check (number > 0),
    account_id integer not null references account (id),
    user_id integer not null references app_user (id),
    amount integer not null check (amount > 0),
    -- ledger_entry.cause
    cause text not null unique,
    -- a hash of who asked and their word for it: the same request again finds this one
    word blob not null unique,
    created_at integer not null,
    unique (code_id, number)
) strict;

create index redemption_by_account on redemption (account_id, code_id);
