-- The first schema. Money is whole nano-USD, times are milliseconds since 1970 in UTC, flags are 0 or 1.

-- One row for each start of the relay. A hold of another life than the running one is an orphan.
create table node (
    id integer primary key autoincrement,
    started_at integer not null
) strict;

-- What an account may do.
create table tier (
    id integer primary key,
    name text not null unique,
    token_limit integer not null check (token_limit >= 0),
    -- factor on every price, in parts per million
    multiplier_ppm integer not null check (multiplier_ppm between 0 and 4294967295),
    created_at integer not null
) strict;

insert into tier (id, name, token_limit, multiplier_ppm, created_at)
values (1, 'Standard', 20, 1000000, 0);

-- The owner of balance, API tokens and usage: what people edit.
create table account (
    id integer primary key,
    name text not null,
    tier_id integer not null references tier (id),
    -- 0: priced and charged, but no balance stops it
    metered integer not null check (metered in (0, 1)),
    suspended integer not null default 0 check (suspended in (0, 1)),
    created_at integer not null
) strict;

-- The owner of balance, API tokens and usage: what the ledger writer counts, and nobody else.
create table account_balance (
    account_id integer primary key references account (id),
    -- sum of ledger_entry.amount minus sum of usage.charge
    balance integer not null default 0,
    -- sum of hold.amount
    held integer not null default 0 check (held >= 0)
) strict;

-- A person who signs in.
create table app_user (
    id integer primary key,
    -- lower case
    email text not null unique,
    -- a PHC string of argon2
    password_hash text not null,
    role text not null check (role in ('owner', 'admin', 'user')),
    account_id integer not null references account (id),
    disabled integer not null default 0 check (disabled in (0, 1)),
    created_at integer not null
) strict;

-- The one setting-up of the instance: the key makes it happen once.
create table instance_setup (
    one integer primary key check (one = 1),
    user_id integer not null references app_user (id),
    account_id integer not null references account (id),
    -- posted as a grant after this row is committed, and again at the next start if that failed
    starting_balance integer not null check (starting_balance >= 0),
    done_at integer not null
) strict;

-- A signed-in browser. The id itself is known to the browser alone.
create table session (
    -- SHA-256 of the id
    hash blob not null primary key check (length(hash) = 32),
    user_id integer not null references app_user (id),
    created_at integer not null,
    expires_at integer not null,
    last_seen_at integer not null
) strict, without rowid;

create index session_by_user on session (user_id);

-- A credential for the relay: what people edit. Never removed, so that its usage keeps its name.
create table api_token (
    id integer primary key,
    account_id integer not null references account (id),
    -- SHA-256 of the whole presented text
    hash blob not null unique check (length(hash) = 32),
    -- beginning and end of the text, for recognition
    hint text not null,
    name text not null,
    enabled integer not null check (enabled in (0, 1)),
    -- the most it may ever consume; null is unlimited
    quota integer check (quota >= 0),
    expires_at integer,
    -- JSON lists of texts; empty allows all
    models text not null,
    ip_rules text not null,
    version integer not null default 1,
    created_at integer not null,
    updated_at integer not null,
    deleted_at integer
) strict;

create index api_token_by_account on api_token (account_id, created_at, id) where deleted_at is null;

-- A credential for the relay: what the ledger writer counts, and nobody else.
create table api_token_spend (
    token_id integer primary key references api_token (id),
    -- sum of usage.charge
    used integer not null default 0 check (used >= 0),
    -- sum of hold.amount
    held integer not null default 0 check (held >= 0),
    -- number of usage rows
    requests integer not null default 0 check (requests >= 0),
    last_used_at integer
) strict;

-- One configured upstream account of a provider.
create table channel (
    id integer primary key,
    name text not null,
    provider text not null,
    base_url text,
    -- JSON list of names; what an empty one means is the provider's matter
    models text not null,
    enabled integer not null check (enabled in (0, 1)),
    allow_private integer not null check (allow_private in (0, 1)),
    -- sealed: see seal.rs; gone when the channel is deleted
    key_sealed blob,
    key_hint text,
    created_at integer not null,
    updated_at integer not null,
    deleted_at integer
) strict;

-- A model that has, or had, a price.
create table model (
    name text not null primary key,
    provider text not null,
    -- largest input in units that the price covers
    context integer check (context > 0),
    max_output integer check (max_output > 0),
    -- the price that holds now: model_price.version
    price_version integer not null,
    created_at integer not null
) strict;

-- The price book: a version is never changed, a new price is a new version.
create table model_price (
    model text not null references model (name),
    version integer not null check (version > 0),
    source text not null check (source in ('builtin', 'manual')),
    -- JSON: decimal strings of USD per million units, by meter
    price text not null,
    created_at integer not null,
    primary key (model, version)
) strict, without rowid;

-- Small facts of the instance.
create table setting (
    key text not null primary key,
    value text not null,
    updated_at integer not null
) strict, without rowid;

-- Everything but charges that moves a balance. Append-only.
create table ledger_entry (
    seq integer primary key autoincrement,
    account_id integer not null references account (id),
    kind text not null check (kind in ('grant', 'adjustment')),
    amount integer not null check (amount <> 0 and (kind <> 'grant' or amount > 0)),
    reason text not null,
    -- what brought it about, so that it is posted once
    cause text not null unique,
    created_at integer not null
) strict;

create index ledger_entry_by_account on ledger_entry (account_id, seq);

create trigger ledger_entry_is_not_changed before update on ledger_entry
begin
    select raise(abort, 'ledger entries are append-only');
end;

create trigger ledger_entry_is_not_removed before delete on ledger_entry
begin
    select raise(abort, 'ledger entries are append-only');
end;

-- Money reserved for a request that runs. Settling or releasing it deletes the row, which is what
-- makes either happen once.
create table hold (
    request_id blob not null primary key check (length(request_id) = 16),
    account_id integer not null,
    token_id integer not null,
    model text not null,
    amount integer not null check (amount >= 0),
    -- units of input, charged if the relay dies before the provider told better
    input_estimate integer not null check (input_estimate >= 0),
    -- JSON: prices and multiplier that the request was promised
    price text not null,
    stream integer not null check (stream in (0, 1)),
    -- JSON: units by meter seen so far, written every couple of seconds
    observed text,
    node_id integer not null,
    created_at integer not null
) strict, without rowid;

-- One row for each request that ended after a provider was called. The key is the order of commits:
-- a random key would touch another page for each row.
create table usage (
    seq integer primary key,
    request_id blob not null check (length(request_id) = 16),
    account_id integer not null,
    token_id integer not null,
    model text not null,
    channel_id integer,
    -- units by meter, disjoint
    input integer not null check (input >= 0),
    cached_input integer not null check (cached_input >= 0),
    cache_write_5m integer not null check (cache_write_5m >= 0),
    cache_write_1h integer not null check (cache_write_1h >= 0),
    cache_write_other integer not null check (cache_write_other >= 0),
    input_audio integer not null check (input_audio >= 0),
    output integer not null check (output >= 0),
    reasoning integer not null check (reasoning >= 0),
    output_audio integer not null check (output_audio >= 0),
    web_search integer not null check (web_search >= 0),
    -- JSON: prices and multiplier from which the charge can be computed again
    price text not null,
    charge integer not null check (charge >= 0),
    -- what was held when it ended
    held integer not null check (held >= 0),
    end_reason text not null,
    -- the units are our own count
    estimated integer not null check (estimated in (0, 1)),
    -- the provider reported what cannot be
    suspect integer not null check (suspect in (0, 1)),
    stream integer not null check (stream in (0, 1)),
    started_at integer not null,
    created_at integer not null,
    first_token_ms integer,
    total_ms integer,
    attempts integer not null check (attempts >= 0),
    upstream_status integer,
    client_address text,
    client_agent text,
    -- the provider's own words, for disputes; never any content
    raw_usage text
) strict;

-- Derived from usage by a follower: request id to row. Readers look at the tail beyond the watermark.
create table usage_lookup (
    request_id blob not null primary key,
    seq integer not null
) strict, without rowid;

-- Derived from usage by a follower: sums by hour. Readers add the tail beyond the watermark.
create table usage_hourly (
    account_id integer not null,
    token_id integer not null,
    -- hours since 1970
    hour integer not null,
    model text not null,
    requests integer not null,
    charge integer not null,
    input integer not null,
    cached_input integer not null,
    cache_write_5m integer not null,
    cache_write_1h integer not null,
    cache_write_other integer not null,
    input_audio integer not null,
    output integer not null,
    reasoning integer not null,
    output_audio integer not null,
    web_search integer not null,
    primary key (account_id, token_id, hour, model)
) strict, without rowid;

-- How far each follower has come; moved in the transaction of what it derived.
create table follower_watermark (
    name text not null primary key,
    seq integer not null
) strict, without rowid;

insert into follower_watermark (name, seq)
values ('usage', 0);

-- What the control plane changed, in order of commits, for those who keep copies.
create table change (
    seq integer primary key autoincrement,
    topic text not null check (topic in ('token', 'account', 'catalog')),
    -- id of the token or account
    subject integer,
    -- hash of the token's text, by which copies are kept
    hash blob,
    created_at integer not null
) strict;
