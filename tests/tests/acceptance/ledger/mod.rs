//! The ledger through the front door: files uploaded, nights run, and what is then in the ledger and around it.

mod appeals;
mod closes;
mod departed;
mod desk;
mod explain;
mod journal;
mod restored;
mod vectors;
mod verify;
mod withdrawals;

use domain::Timestamp;
use lake::Answer;
use tests::{OwnCloud, Season, at, made_up, operator_key};

/// The end of made-up seasons.
const SEASON_ENDS: &str = "2024-05-11T07:00:00Z";

/// Uploads every file of a season as learned at one instant.
async fn upload_season(cloud: &OwnCloud, season: &Season, learned_at: Timestamp) {
    for (file, table) in season.files() {
        let kind = file.split('-').next().unwrap_or(file);
        upload(cloud, kind, &format!("{file}.csv"), table.csv(), learned_at).await;
    }
}

async fn upload(
    cloud: &OwnCloud,
    kind: &str,
    name: &str,
    content: impl AsRef<[u8]>,
    learned_at: Timestamp,
) -> Answer {
    cloud
        .upload(&operator_key(kind, name), content, Some(learned_at))
        .await
}

/// A cloud with a small season, its facts learned as they happened.
async fn cloud_with_season(seed: u64, orders: u32) -> OwnCloud {
    let cloud = OwnCloud::new().await;
    let zone = cloud.policy.zone;
    for (date, day) in made_up(seed, orders).days(zone) {
        let ends = domain::time::day_starts_at(date.succ_opt().expect("a next day"), zone);
        upload_season(&cloud, &day, ends).await;
    }
    cloud
}

/// The nights of a made-up season at which something becomes due, the last one its end.
fn nights() -> Vec<Timestamp> {
    ["2024-04-06T07:00:00Z", "2024-04-20T07:00:00Z", SEASON_ENDS]
        .map(at)
        .into()
}
