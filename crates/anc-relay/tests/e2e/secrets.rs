//! No secret is anywhere that it need not be.

use std::fs;
use std::path::Path;

use crate::support::{World, chat};

fn files_under(path: &Path) -> Vec<std::path::PathBuf> {
    fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file())
        .collect()
}

#[tokio::test]
async fn l15_neither_tokens_nor_provider_keys_are_on_disk_or_in_the_log() {
    let settings = [("ANC_LOG_LEVEL", "trace")];
    let mut world = World::with_settings("20", &settings).await;
    let token = world.relay.create_token("ci", &[]);
    world.client.post(&format!("/v1/chat/completions?key={token}"), &token, &chat(false)).await;
    let mut events =
        world.client.stream("/v1/chat/completions", &token, &chat(true)).await.unwrap();
    assert!(events.finish().await);
    world.relay.stop();
    let secrets = [token.as_str(), "sk-upstream-canary-9xQ2", anc_testkit::OWNER_PASSWORD];
    let files = files_under(world.relay.data_path());
    assert!(files.iter().any(|path| path.ends_with("relay.db")));
    for path in files {
        let bytes = fs::read(&path).unwrap();
        for secret in secrets {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} holds a secret", path.display());
        }
    }
}
