-- Answers that a provider keeps, and their items, so that later requests can refer to them: whose
-- they are, and where they lie. What they say is the provider's to keep and is not here. Nothing was ever written to the
-- table's first form.
drop table stored_response;

create table stored_response (
    account_id bigint not null references account (id),
    -- as the provider named it
    response_id text collate "C" not null,
    channel_id bigint not null references channel (id),
    -- which of the channel's keys: the beginning of its SHA-256; null where there is none
    key_digest bigint,
    -- as its client asked for it
    model text not null,
    -- units that a request which goes on from it reads again
    units bigint not null check (units >= 0),
    created_at bigint not null,
    -- when the provider forgets it
    expires_at bigint not null,
    primary key (account_id, response_id)
);

create index stored_response_by_expiry on stored_response (expires_at);
