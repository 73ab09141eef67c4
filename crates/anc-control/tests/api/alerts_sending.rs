//! Alerts on their way: once each, signed, tried again, and to nowhere private.

use std::time::Duration;

use anc_control::AlertSettings;
use anc_testkit::{HookReceiver, signature};
use http::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::alerts_support::{Scene, near};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_alert_is_sent_twice() {
    let receiver = HookReceiver::start().await;
    let scene = Scene::on_postgres(near()).await;
    let nodes = [scene.other_node(8).await, scene.other_node(9).await];
    let set = scene.again().await.put("/webhook", &json!({ "url": receiver.url() })).await;
    assert_eq!(set.status, 200, "{}", set.text);
    scene.credit("1000").await;
    let mut tokens = Vec::new();
    for number in 0..12 {
        let body = json!({ "name": format!("t{number}"), "quota": "10" });
        tokens.push(scene.token(&body).await);
    }
    for percent in [80, 20] {
        for token in &tokens {
            scene.spend(token, percent * 10).await;
        }
        scene.world.store.derive_usage().await.unwrap();
        // All nodes look at once, and are killed in the midst of it, several times.
        for round in 0..6_u64 {
            let mut looks = JoinSet::new();
            for node in nodes.iter().chain([&scene.world]) {
                let control = node.control.clone();
                looks.spawn(async move { control.look_at_alerts().await });
            }
            tokio::time::sleep(Duration::from_millis(round * 3)).await;
            if round < 4 {
                looks.shutdown().await;
            } else {
                looks.join_all().await.into_iter().for_each(|looked| looked.unwrap());
            }
        }
    }
    // What a killed node had taken is found after its lease.
    scene.world.clock.advance(Duration::from_mins(4));
    for node in nodes.iter().chain([&scene.world]) {
        node.control.look_at_alerts().await.unwrap();
    }
    let told = scene.told().await;
    assert_eq!(told.len(), 24);
    let mut causes: Vec<String> = told.iter().map(|(kind, of)| format!("{kind} {of}")).collect();
    causes.sort();
    causes.dedup();
    assert_eq!(causes.len(), told.len(), "each was told once");

    let mut mails = scene.world.mails().await;
    for node in &nodes {
        mails.extend(node.mails().await);
    }
    // A try that was cut off between the sending and the mark is repeated, under the same name, so
    // that whoever receives it can tell.
    let mut names: Vec<_> = mails.iter().map(|mail| mail.id.clone().unwrap()).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), told.len());
    let posted = receiver.posted();
    let mut ids: Vec<_> = posted.iter().map(|post| post.header("x-anc-alert-id")).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), told.len());
    assert_eq!(scene.world.store.outbox().waiting().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nodes_that_look_at_once_send_each_alert_once() {
    let receiver = HookReceiver::start().await;
    let scene = Scene::on_postgres(near()).await;
    let other = scene.other_node(8).await;
    scene.again().await.put("/webhook", &json!({ "url": receiver.url() })).await;
    scene.credit("1000").await;
    for number in 0..20 {
        let body = json!({ "name": format!("t{number}"), "quota": "10" });
        let token = scene.token(&body).await;
        scene.spend(&token, 900).await;
    }
    scene.world.store.derive_usage().await.unwrap();
    for _ in 0..3 {
        let (one, two) =
            tokio::join!(scene.world.control.look_at_alerts(), other.control.look_at_alerts());
        one.and(two).unwrap();
    }
    let mails = [scene.world.mails().await, other.mails().await].concat();
    assert_eq!((mails.len(), receiver.posted().len()), (20, 20));
}

#[tokio::test]
async fn what_a_node_took_and_died_with_another_sends_after_its_lease() {
    let scene = Scene::on_postgres(AlertSettings::default()).await;
    let other = scene.other_node(8).await;
    let token = scene.token(&json!({ "name": "ci", "quota": "10" })).await;
    scene.spend(&token, 900).await;
    scene.world.store.derive_usage().await.unwrap();
    let outbox = scene.world.store.outbox();
    // Looked at, and taken by a node that dies before it sends.
    let observed = scene.world.control.look_at_alerts();
    tokio::select! { biased; looked = observed => looked.unwrap() }
    assert_eq!(scene.world.mails().await.len(), 1);
    scene.spend(&token, 99).await;
    scene.world.store.derive_usage().await.unwrap();
    let alert = anc_store::NewAlert {
        account: Some(scene.account),
        kind: anc_store::AlertKind::TokenQuota,
        token: None,
        channel: None,
        cause: "a test".to_owned(),
        detail: "{}".to_owned(),
    };
    let observed = anc_store::Observed { alerts: vec![alert], ..anc_store::Observed::default() };
    let told = scene.world.store.alerts().keep(observed.clone(), true).await.unwrap();
    assert_eq!(told.len(), 1);
    assert!(scene.world.store.alerts().keep(observed, true).await.unwrap().is_empty());
    let taken = outbox.take(8, Duration::from_mins(3)).await.unwrap();
    assert_eq!(taken.len(), 1);
    assert!(other.store.outbox().take(8, Duration::from_mins(3)).await.unwrap().is_empty());
    scene.world.clock.advance(Duration::from_mins(3));
    let again = other.store.outbox().take(8, Duration::from_mins(3)).await.unwrap();
    assert_eq!((again.len(), again[0].attempt), (1, 2));
    // The first one lives after all; what it says of its try counts no more.
    outbox.note(&taken[0], &anc_store::Sent::Failed("late".into())).await.unwrap();
    assert_eq!(outbox.waiting().await.unwrap(), 1);
    other.store.outbox().note(&again[0], &anc_store::Sent::Done).await.unwrap();
    assert_eq!(outbox.waiting().await.unwrap(), 0);
}

#[tokio::test]
async fn a_webhook_is_signed_and_retried() {
    let receiver = HookReceiver::start().await;
    let scene = Scene::with(AlertSettings { attempts: 4, ..near() }).await;
    let set = scene.again().await.put("/webhook", &json!({ "url": receiver.url() })).await;
    let secret = set.json["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("whsec_"));
    let shown = scene.again().await.get("/alert-preferences").await;
    assert!(!shown.text.contains(&secret), "it is shown once");
    assert_eq!(shown.json["webhook"]["url"], receiver.url());

    let token = scene.token(&json!({ "name": "ci", "quota": "10" })).await;
    scene.spend(&token, 850).await;
    for status in [500, 302, 429] {
        receiver.answer(status);
    }
    scene.look().await;
    scene.look().await;
    assert_eq!(receiver.posted().len(), 1, "not before its time");
    let webhook = scene.again().await.get("/alert-preferences").await.json["webhook"].clone();
    assert_eq!((&webhook["failure"], &webhook["waiting"]), (&json!("It answered 500."), &json!(1)));
    for (wait, posts) in [(29, 1), (1, 2), (59, 2), (1, 3), (120, 4), (100_000, 4)] {
        scene.world.clock.advance(Duration::from_secs(wait));
        scene.look().await;
        assert_eq!(receiver.posted().len(), posts, "after {wait} s");
    }
    let webhook = scene.again().await.get("/alert-preferences").await.json["webhook"].clone();
    assert_eq!(webhook["waiting"], 0);
    assert!(webhook["delivered_at"].is_string());
    let posted = receiver.posted();
    let id = posted[0].header("x-anc-alert-id").to_owned();
    for post in &posted {
        assert_eq!(post.header("x-anc-alert-id"), id);
        let header = post.header("x-anc-signature");
        let seconds = header.strip_prefix("t=").unwrap().split(',').next().unwrap();
        assert!(
            signature(&secret, seconds.parse().unwrap(), &post.body).starts_with(header),
            "{header}"
        );
    }
    let body = posted[0].json();
    assert_eq!((&body["id"], &body["kind"]), (&json!(id), &json!("token_quota")));
    assert_eq!(body["detail"]["percent"], 80);
    assert_eq!(body["url"], "http://relay.example/alerts");
    assert_eq!(body["token"], token);

    // After the last try it is over, and shown.
    for status in [500; 4] {
        receiver.answer(status);
    }
    scene.spend(&token, 150).await;
    for _ in 0..6 {
        scene.look().await;
        scene.world.clock.advance(Duration::from_hours(1));
    }
    assert_eq!(receiver.posted().len(), 8);
    let webhook = scene.again().await.get("/alert-preferences").await.json["webhook"].clone();
    assert_eq!((&webhook["failure"], &webhook["waiting"]), (&json!("It answered 500."), &json!(0)));
}

#[tokio::test]
async fn a_webhook_can_be_tried_and_removed() {
    let receiver = HookReceiver::start().await;
    let scene = Scene::with(near()).await;
    assert_eq!(scene.again().await.post("/webhook/test", &json!({})).await.status, 404);
    assert_eq!(scene.again().await.delete("/webhook").await.status, 404);
    scene.again().await.put("/webhook", &json!({ "url": receiver.url() })).await;
    let tried = scene.again().await.post("/webhook/test", &json!({})).await;
    assert_eq!(tried.json, json!({ "delivered": true, "status": 204, "failure": null }));
    assert_eq!(receiver.posted()[0].json()["kind"], "test");
    receiver.answer(404);
    let tried = scene.again().await.post("/webhook/test", &json!({})).await.json;
    assert_eq!((&tried["delivered"], &tried["status"]), (&json!(false), &json!(404)));

    // What waits for it goes with it.
    let token = scene.token(&json!({ "name": "ci", "quota": "10" })).await;
    scene.spend(&token, 850).await;
    receiver.answer(500);
    scene.look().await;
    let before = receiver.posted().len();
    assert_eq!(scene.again().await.delete("/webhook").await.status, 204);
    scene.world.clock.advance(Duration::from_hours(1));
    scene.look().await;
    assert_eq!(receiver.posted().len(), before);
    assert_eq!(scene.world.store.outbox().waiting().await.unwrap(), 0);
    // Whoever asks for it over and over is made to wait.
    scene.again().await.put("/webhook", &json!({ "url": receiver.url() })).await;
    let mut last = 200;
    for _ in 0..10 {
        last = scene.again().await.post("/webhook/test", &json!({})).await.status;
    }
    assert_eq!(last, 429);
}

#[tokio::test]
async fn a_webhook_reaches_no_private_address() {
    let receiver = HookReceiver::start().await;
    let scene = Scene::new().await;
    let port = receiver.url().split(':').nth(2).unwrap().split('/').next().unwrap().to_owned();
    let set = async |url: &str| scene.again().await.put("/webhook", &json!({ "url": url })).await;
    // Not by http at all.
    assert_eq!(set(&receiver.url()).await.status, 400);
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"] {
        let url = format!("https://{host}:{port}/hook");
        let answer = set(&url).await;
        assert_eq!(answer.status, 200, "{url}: it is judged when it is dialled");
        let tried = scene.again().await.post("/webhook/test", &json!({})).await;
        // The wait between tries, not the address.
        if tried.status == 429 {
            scene.world.clock.advance(Duration::from_mins(16));
        }
        let tried = match tried.status {
            429 => scene.again().await.post("/webhook/test", &json!({})).await.json,
            _ => tried.json,
        };
        assert_eq!(tried["failure"], "Its address is in a private network.", "{url}");
    }
    // An alert that is due finds no way either.
    let token = scene.token(&json!({ "name": "ci", "quota": "10" })).await;
    scene.spend(&token, 850).await;
    scene.look().await;
    assert_eq!(scene.world.store.outbox().waiting().await.unwrap(), 1);
    assert!(receiver.posted().is_empty());
    // What was set when it was allowed is not called when it is no more.
    let lax = Scene::with(near()).await;
    assert_eq!(lax.owner.put("/webhook", &json!({ "url": receiver.url() })).await.status, 200);
}

#[tokio::test]
async fn only_a_person_who_showed_it_anew_sets_where_alerts_go() {
    let scene = Scene::new().await;
    let body = json!({ "url": "https://example.com/hook" });
    scene.world.clock.advance(Duration::from_hours(2));
    let late = scene.owner.put("/webhook", &body).await;
    assert_eq!((late.status, late.code()), (403, "step_up_required"));
    for path in ["/alerts", "/alert-preferences"] {
        assert_eq!(scene.world.browser("203.0.113.1").get(path).await.status, 401, "{path}");
    }
    for bad in ["ftp://x.example", "https://me:hush@x.example", "nonsense"] {
        let answer = scene.again().await.put("/webhook", &json!({ "url": bad })).await;
        assert_ne!(answer.status, 200, "{bad}");
    }
    let nobody = scene.owner.with_key("mk-nonsense", Method::PUT, "/webhook", &body).await;
    assert_eq!(nobody.status, 401);
}
