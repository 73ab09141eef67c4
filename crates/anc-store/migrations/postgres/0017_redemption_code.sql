-- Redemption codes: money that an operator gives out as a text.

-- Codes that were made together, and on which terms.
create table redemption_batch (
    id bigint primary key,
    note text not null,
    -- what each use of each code is worth, in nano-dollars
    amount bigint not null check (amount > 0),
    once_per_account boolean not null,
    -- null is never
    expires_at bigint,
    created_by text not null,
    created_at bigint not null
);

create table redemption_code (
    id bigint primary key,
    batch_id bigint not null references redemption_batch (id),
    -- SHA-256 of the code, which is nowhere else
    hash bytea not null unique,
    -- its first group and its last
    hint text not null,
    -- how often it may be redeemed, and was
    uses bigint not null check (uses > 0),
    used bigint not null default 0 check (used between 0 and uses),
    -- no more from then on; what was redeemed stays
    revoked_at bigint,
    revoked_by text check ((revoked_by is null) = (revoked_at is null))
);

create index redemption_code_by_batch on redemption_code (batch_id, id);

-- Uses of codes. Each is written with its ledger entry and the code's new `used`, in one transaction
-- of the ledger writer.
create table redemption (
    id bigint primary key,
    code_id bigint not null references redemption_code (id),
    -- which of its uses: a code cannot be redeemed more often than it has numbers
    number bigint not null check (number > 0),
    account_id bigint not null references account (id),
    user_id bigint not null references app_user (id),
    amount bigint not null check (amount > 0),
    -- ledger_entry.cause
    cause text not null unique,
    -- a hash of who asked and their word for it: the same request again finds this one
    word bytea not null unique,
    created_at bigint not null,
    unique (code_id, number)
);

create index redemption_by_account on redemption (account_id, code_id);
