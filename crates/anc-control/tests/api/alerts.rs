//! What people are told without asking, and when they are not.

use std::time::Duration;

use anc_control::AlertSettings;
use anc_ledger::EndReason;
use serde_json::{Value, json};

use crate::alerts_support::{DAY, HOUR, Scene};

/// As `contract_on_sqlite` and `contract_on_postgres` are: the same on either engine.
async fn both(test: impl AsyncFn(Scene)) {
    test(Scene::new().await).await;
    test(Scene::on_postgres(AlertSettings::default()).await).await;
}

#[tokio::test]
async fn a_low_balance_is_told_once_until_it_was_high_again() {
    both(async |scene| {
        let token = scene.token(&json!({ "name": "ci" })).await;
        scene.spend(&token, 1_000).await;
        scene.look().await;
        assert!(scene.told().await.is_empty(), "ten dollars are left");
        for _ in 0..3 {
            scene.spend(&token, 200).await;
            scene.look().await;
        }
        let told = scene.told().await;
        assert_eq!(told.len(), 1);
        let (kind, detail) = &told[0];
        assert_eq!(kind, "low_balance");
        assert_eq!((&detail["balance"], &detail["limit"]), (&json!("4"), &json!("5")));

        // A top-up that does not lift it above the threshold is no recovery.
        scene.credit("0.5").await;
        scene.look().await;
        scene.spend(&token, 1).await;
        scene.look().await;
        assert_eq!(scene.told().await.len(), 1);
        scene.credit("10").await;
        scene.look().await;
        scene.spend(&token, 1_000).await;
        scene.look().await;
        assert_eq!(scene.told().await.len(), 2);
        assert_eq!(scene.world.mails().await.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_token_is_told_of_at_eighty_and_a_hundred_per_cent() {
    both(async |scene| {
        let body = json!({ "name": "ci", "quota": "10", "budgets": { "day": "2" } });
        let token = scene.token(&body).await;
        let percents = async || {
            let mut told: Vec<(String, Value)> = scene.told().await;
            told.reverse();
            told.iter().map(|(kind, of)| format!("{kind} {}", of["percent"])).collect::<Vec<_>>()
        };
        scene.spend(&token, 150).await;
        scene.look().await;
        assert!(percents().await.is_empty());
        scene.spend(&token, 10).await;
        scene.look().await;
        scene.look().await;
        assert_eq!(percents().await, ["token_budget 80"]);
        scene.spend(&token, 40).await;
        scene.look().await;
        assert_eq!(percents().await.last().unwrap(), "token_budget 100");
        // The next day has a budget of its own; a look that comes late tells the highest alone.
        scene.world.clock.advance(DAY);
        scene.request(&token, 200, |_| {}).await;
        scene.look().await;
        assert_eq!(percents().await[2..], ["token_budget 100"]);
        // Of the quota.
        for _ in 0..2 {
            scene.world.clock.advance(DAY);
            scene.spend(&token, 200).await;
        }
        scene.look().await;
        assert!(percents().await.contains(&"token_quota 80".to_owned()));
        scene.world.clock.advance(DAY);
        scene.spend(&token, 199).await;
        scene.look().await;
        let told = percents().await;
        assert_eq!(told.iter().filter(|one| *one == "token_quota 100").count(), 1, "{told:?}");
    })
    .await;
}

#[tokio::test]
async fn a_token_is_told_of_seven_days_and_one_day_before_it_expires() {
    both(async |scene| {
        let at = |days: u32| scene.now().plus(DAY * days).to_rfc3339();
        scene.token(&json!({ "name": "long", "expires_at": at(30) })).await;
        // Made for less than a week: its owner knows.
        scene.token(&json!({ "name": "short", "expires_at": at(3) })).await;
        scene.look().await;
        assert!(scene.told().await.is_empty());
        scene.world.clock.advance(DAY * 2 + HOUR);
        scene.look().await;
        scene.look().await;
        let told = scene.told().await;
        assert_eq!(told.len(), 1);
        assert_eq!((&told[0].1["token_name"], &told[0].1["days"]), (&json!("short"), &json!(1)));
        scene.world.clock.advance(DAY * 21);
        scene.look().await;
        scene.look().await;
        assert_eq!(scene.told().await[0].1["days"], 7);
        scene.world.clock.advance(DAY * 6);
        scene.look().await;
        scene.look().await;
        let told = scene.told().await;
        assert_eq!((told.len(), &told[0].1["days"]), (3, &json!(1)));
    })
    .await;
}

#[tokio::test]
async fn a_new_network_is_told_of_when_the_token_has_a_history() {
    both(async |scene| {
        let token = scene.token(&json!({ "name": "ci" })).await;
        let from = async |address: &str| {
            let address = Some(address.to_owned());
            scene.request(&token, 1, |settled| settled.client_address = address).await;
            scene.look().await;
        };
        from("198.51.100.1").await;
        scene.world.clock.advance(HOUR);
        from("203.0.113.1").await;
        assert!(scene.told().await.is_empty(), "nothing is usual yet");
        scene.world.clock.advance(DAY * 4);
        from("198.51.100.77").await;
        assert!(scene.told().await.is_empty(), "a neighbour is no news");
        from("192.0.2.5").await;
        from("192.0.2.6").await;
        from("2001:db8:7::1").await;
        let told = scene.told().await;
        let networks: Vec<&Value> = told.iter().map(|(_, of)| &of["network"]).collect();
        assert_eq!(networks, ["2001:db8:7::/48", "192.0.2.0/24"]);
        assert_eq!(told[1].1["address"], "192.0.2.5");

        // Who is always on the move is told no more.
        for network in 0..30 {
            scene.world.clock.advance(HOUR);
            from(&format!("10.0.{network}.1")).await;
        }
        let known = scene.told().await.len();
        scene.world.clock.advance(HOUR);
        from("10.9.9.9").await;
        assert_eq!(scene.told().await.len(), known);
    })
    .await;
}

#[tokio::test]
async fn an_hour_out_of_the_ordinary_is_told_when_it_is_over() {
    both(async |scene| {
        scene.credit("1000").await;
        let token = scene.token(&json!({ "name": "ci" })).await;
        for _ in 0..8 {
            scene.spend(&token, 100).await;
            scene.look().await;
            scene.world.clock.advance(DAY);
        }
        scene.spend(&token, 5_000).await;
        scene.look().await;
        assert!(scene.told().await.is_empty(), "the hour goes on");
        scene.world.clock.advance(HOUR + Duration::from_mins(3));
        scene.look().await;
        scene.look().await;
        let told = scene.told().await;
        assert_eq!(told.len(), 1, "{told:?}");
        let (kind, detail) = &told[0];
        assert_eq!(kind, "unusual_spend");
        assert_eq!((&detail["spent"], &detail["usual"]), (&json!("50"), &json!("1")));
        // A second such hour of the same day is no more news.
        scene.spend(&token, 6_000).await;
        scene.look().await;
        scene.world.clock.advance(HOUR * 2);
        scene.look().await;
        assert_eq!(scene.told().await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn operators_are_told_of_suspect_usage_and_failing_channels_once_an_hour() {
    both(async |scene| {
        let body = json!({ "name": "up", "provider": "simulated", "models": ["sim-gpt"] });
        let made = scene.owner.post("/channels", &body).await;
        assert_eq!(made.status, 201, "{}", made.text);
        let channel: anc_domain::ChannelId = made.json["id"].as_str().unwrap().parse().unwrap();
        let token = scene.token(&json!({ "name": "ci" })).await;
        for _ in 0..3 {
            scene
                .request(&token, 1, |settled| {
                    settled.channel_id = Some(channel);
                    settled.suspect = true;
                })
                .await;
            scene.look().await;
        }
        assert_eq!(scene.kinds().await, ["suspect_usage"]);
        for _ in 0..25 {
            scene
                .request(&token, 0, |settled| {
                    settled.channel_id = Some(channel);
                    settled.end_reason = EndReason::UpstreamError;
                })
                .await;
        }
        scene.look().await;
        scene.look().await;
        assert_eq!(scene.kinds().await, ["suspect_usage", "channel_failing"]);
        assert_eq!(scene.told().await[0].1["failed"], 25);
        assert_eq!(scene.world.mails().await.len(), 2);

        // They are none of a user's business.
        let user = json!({ "email": "user@example.com", "password": "correct horse battery" });
        assert_eq!(scene.owner.post("/users", &user).await.status, 201);
        let mut browser = scene.world.browser("203.0.113.9");
        let signed = browser.post("/session", &user).await;
        browser.keep_cookie(&signed);
        let listed = browser.get("/alerts").await.json;
        assert_eq!((&listed["items"], &listed["unseen"]), (&json!([]), &json!(0)));
        let kinds = browser.get("/alert-preferences").await.json["kinds"].clone();
        assert_eq!(kinds.as_object().unwrap().len(), 6);
        let change = json!({ "kinds": { "suspect_usage": false } });
        assert_eq!(browser.put("/alert-preferences", &change).await.status, 400);
    })
    .await;
}

#[tokio::test]
async fn alerts_can_be_turned_off() {
    both(async |scene| {
        let shown = scene.owner.get("/alert-preferences").await.json;
        let kinds = shown["kinds"].as_object().unwrap().clone();
        assert_eq!(kinds.len(), 8);
        assert!(kinds.values().all(|on| on == &json!(true)));
        assert_eq!(shown["low_balance_default"], "5");
        // Each by itself.
        for kind in kinds.keys() {
            let change = json!({ "kinds": { kind: false } });
            let changed = scene.owner.put("/alert-preferences", &change).await.json;
            assert_eq!(changed["kinds"][kind], false);
        }
        let expires_at = scene.now().plus(DAY * 8).to_rfc3339();
        let body = json!({ "name": "ci", "quota": "18", "expires_at": expires_at,
            "budgets": { "day": "18" } });
        let token = scene.token(&body).await;
        scene.spend(&token, 1_700).await;
        scene.look().await;
        scene.world.clock.advance(DAY * 4);
        scene
            .request(&token, 50, |settled| settled.client_address = Some("192.0.2.1".into()))
            .await;
        scene.look().await;
        assert!(scene.told().await.is_empty(), "{:?}", scene.told().await);
        assert!(!scene.world.has_mail().await);

        // Without mail, and with a threshold of one's own.
        let change = json!({ "kinds": { "low_balance": true }, "mail": false, "low_balance": "1" });
        assert_eq!(scene.again().await.put("/alert-preferences", &change).await.status, 200);
        scene.credit("10").await;
        scene.look().await;
        let body = json!({ "name": "more" });
        let token = scene.token(&body).await;
        scene.spend(&token, 1_100).await;
        scene.look().await;
        assert!(scene.told().await.is_empty(), "1.50 is not below 1");
        scene.spend(&token, 100).await;
        scene.look().await;
        assert_eq!(scene.kinds().await, ["low_balance"]);
        assert!(!scene.world.has_mail().await);

        for bad in [
            json!({ "kinds": { "nonsense": false } }),
            json!({ "low_balance": "-1" }),
            json!({ "low_balance": 1 }),
            json!({ "what": 1 }),
        ] {
            assert_eq!(
                scene.again().await.put("/alert-preferences", &bad).await.status,
                400,
                "{bad}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn an_alert_is_new_until_it_was_seen() {
    both(async |scene| {
        let token = scene.token(&json!({ "name": "ci", "quota": "10" })).await;
        scene.spend(&token, 850).await;
        scene.look().await;
        let listed = scene.owner.get("/alerts").await.json;
        assert_eq!((&listed["unseen"], &listed["items"][0]["seen"]), (&json!(1), &json!(false)));
        assert_eq!(listed["items"][0]["token"], token);
        let seen = json!({ "upto": listed["items"][0]["id"] });
        assert_eq!(scene.owner.post("/alerts/seen", &seen).await.status, 204);
        let listed = scene.owner.get("/alerts").await.json;
        assert_eq!((&listed["unseen"], &listed["items"][0]["seen"]), (&json!(0), &json!(true)));
        // What is still to come is not seen.
        let all = json!({ "upto": "alr_7zzzzzzzzzzzz" });
        assert_eq!(scene.owner.post("/alerts/seen", &all).await.status, 204);
        scene.spend(&token, 149).await;
        scene.look().await;
        assert_eq!(scene.owner.get("/alerts").await.json["unseen"], 1);

        let page = scene.owner.get("/alerts?limit=1").await.json;
        let cursor = page["next_cursor"].as_str().unwrap();
        let rest = scene.owner.get(&format!("/alerts?limit=1&cursor={cursor}")).await.json;
        assert_eq!(rest["items"][0]["detail"]["percent"], 80);
        assert_eq!(rest["next_cursor"], json!(null));
        assert_eq!(scene.owner.get("/alerts?cursor=x").await.status, 400);
    })
    .await;
}
