-- Money that comes in by a payment provider, and what it takes back.

-- One attempt to pay in: what was ordered, and what the provider has said of it since. What is known
-- only grows, so that notices may come twice and in any order.
create table payment_order (
    id bigint primary key,
    account_id bigint not null references account (id),
    -- what the account is credited with
    amount bigint not null check (amount > 0),
    -- the same in the currency's smallest unit, as the provider counts
    minor bigint not null check (minor > 0),
    currency text not null,
    mode text not null check (mode in ('test', 'live')),
    -- once paid it stays paid
    state text not null
        check (state in ('open', 'pending', 'paid', 'failed', 'expired', 'mismatch')),
    -- the provider's names for it
    session_id text collate "C" unique,
    payment_intent text collate "C" unique,
    -- where the payer goes
    session_url text,
    -- what the last notice that did not fit said otherwise
    mismatch text,
    -- what the provider took back, by refunds and by disputes, in the smallest unit
    refunded bigint not null default 0 check (refunded >= 0),
    disputed bigint not null default 0 check (disputed >= 0),
    -- what was taken back from the account for that: never more than was paid in
    reversed bigint not null default 0
        check (reversed between 0 and minor and (reversed = 0 or state = 'paid')),
    created_at bigint not null,
    paid_at bigint check ((paid_at is null) = (state <> 'paid')),
    -- when the provider is asked next how it stands; null is never
    ask_at bigint,
    asked bigint not null default 0
);

create index payment_order_by_account on payment_order (account_id, id);
create index payment_order_to_ask on payment_order (ask_at) where ask_at is not null;

-- What an order moves: written with the fact that brings it about, posted to the ledger after that,
-- under a cause that the ledger knows once.
create table payment_movement (
    order_id bigint not null references payment_order (id),
    number bigint not null check (number > 0),
    -- above zero into the account; the first is the payment itself
    amount bigint not null check (amount <> 0 and (number > 1 or amount > 0)),
    -- ledger_entry.cause
    cause text not null unique,
    created_at bigint not null,
    -- null: still to be posted
    posted_at bigint,
    primary key (order_id, number)
);

create index payment_movement_to_post on payment_movement (order_id, number) where posted_at is null;

-- The provider's notices that were taken in, each once. Kept longer than a provider repeats itself.
create table payment_event (
    id text collate "C" not null primary key,
    kind text not null,
    -- null where it concerns nothing of ours
    order_id bigint,
    created_at bigint not null
);

create index payment_event_by_age on payment_event (created_at);

-- What a provider takes back of a payment: the refunds of a charge as one sum, or a dispute. Kept also
-- before the order that it belongs to is known to be paid.
create table payment_claim (
    -- the charge's or dispute's name
    id text collate "C" not null primary key,
    kind text not null check (kind in ('refund', 'dispute')),
    payment_intent text collate "C" not null,
    minor bigint not null check (minor >= 0),
    currency text not null,
    mode text not null check (mode in ('test', 'live')),
    -- decided, and nothing changes any more
    closed boolean not null,
    created_at bigint not null
);

create index payment_claim_by_payment on payment_claim (payment_intent);
create index payment_claim_by_age on payment_claim (created_at);
