-- Derived from usage by the follower: how requests ended, and how soon their first content came, by
-- hour. Readers add the tail beyond the watermark.
create table usage_outcome_hourly (
    account_id bigint not null,
    -- hours since 1970
    hour bigint not null,
    end_reason text not null,
    -- the end, in milliseconds, of the span in which the first content came; 0: it was not measured
    first_token_ms_to bigint not null check (first_token_ms_to >= 0),
    requests bigint not null check (requests > 0),
    primary key (account_id, hour, end_reason, first_token_ms_to)
);

-- What the follower has passed already.
insert into usage_outcome_hourly (account_id, hour, end_reason, first_token_ms_to, requests)
select account_id, created_at / 3600000, end_reason,
       case
           when first_token_ms < 100 then 100
           when first_token_ms < 150 then 150
           when first_token_ms < 200 then 200
           when first_token_ms < 300 then 300
           when first_token_ms < 400 then 400
           when first_token_ms < 500 then 500
           when first_token_ms < 700 then 700
           when first_token_ms < 1000 then 1000
           when first_token_ms < 1500 then 1500
           when first_token_ms < 2000 then 2000
           when first_token_ms < 3000 then 3000
           when first_token_ms < 4000 then 4000
           when first_token_ms < 5000 then 5000
           when first_token_ms < 7000 then 7000
           when first_token_ms < 10000 then 10000
           when first_token_ms < 15000 then 15000
           when first_token_ms < 20000 then 20000
           when first_token_ms < 30000 then 30000
           when first_token_ms < 60000 then 60000
           when first_token_ms is null then 0
           else 3600000
       end as first_token_ms_to,
       count(*)
from usage
where seq <= (select seq from follower_watermark where name = 'usage')
group by account_id, created_at / 3600000, end_reason, 4;
