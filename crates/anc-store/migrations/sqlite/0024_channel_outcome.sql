-- Derived from usage by the follower: how requests ended, by hour, channel and model. Readers add the
-- tail beyond the watermark.
create table usage_channel_outcome (
    -- hours since 1970
    hour integer not null,
    -- the one that was called last; 0: none was, or it was pruned before this was noted
    channel_id integer not null,
    model text not null,
    end_reason text not null,
    requests integer not null check (requests > 0),
    primary key (hour, channel_id, model, end_reason)
) strict, without rowid;

-- What the follower has passed already.
insert into usage_channel_outcome (hour, channel_id, model, end_reason, requests)
select created_at / 3600000, coalesce(channel_id, 0), model, end_reason, count(*)
from usage
where seq <= (select seq from follower_watermark where name = 'usage')
group by created_at / 3600000, coalesce(channel_id, 0), model, end_reason;
