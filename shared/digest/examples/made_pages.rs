//! Writes digests of made-up nights into a folder, as `make test-web` opens them: `digest.html` (and its workbook), `hostile.html`
//! with texts that try to be markup, and `large.html` with 20,000 rows.

#[path = "../tests/mornings/made.rs"]
mod made;

use std::error::Error;
use std::path::PathBuf;

use digest::{Digest, Fines, html, xlsx};
use domain::Because;
use made::{book, digest_of, entries, hour, order, orders, send, shadow, watched_beside};

const HOSTILE: &str = "</td></script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name a folder to write into")?);
    let write = |name: &str, digest| std::fs::write(folder.join(name), html(&digest, book()));

    let all = orders(900);
    let shadow = shadow(
        "capped.toml",
        &[("fine_cents_max = 5000", "fine_cents_max = 300")],
    );
    let beside = watched_beside(&all, hour(720), &shadow);
    let night = Digest {
        shadow: Digest::new(beside, Vec::new(), Fines::new(0), book()).shadow,
        ..digest_of(&all, entries(&all, hour(720)), hour(720))
    };
    std::fs::write(folder.join("digest.xlsx"), xlsx(&night, book())?)?;
    write("digest.html", night)?;

    let mut made = order(1, 8_010, 0);
    send(&mut made, HOSTILE, &[]);
    let mut posted = entries(&orders(300), hour(900));
    for entry in &mut posted {
        entry.because = Because::AppealAccepted {
            appeal_id: HOSTILE.to_owned(),
            filed_at: hour(1),
            decided_at: hour(1),
        };
    }
    write("hostile.html", digest_of(&[made], posted, hour(20)))?;

    let many: Vec<_> = (0..21_000)
        .map(|number| order(number, 1_000 + 3 * number as i64, (number % 100) as i64))
        .collect();
    write("large.html", digest_of(&many, Vec::new(), hour(700)))?;
    Ok(())
}
