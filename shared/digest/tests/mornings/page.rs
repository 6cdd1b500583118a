//! The page: both languages, nothing from outside, and nothing that is put in becomes markup.

use digest::{Digest, Missing, html};
use domain::Because;

use crate::made::{book, digest_of, entries, hour, order, orders, send};

fn page() -> String {
    let all = orders(300);
    html(&digest_of(&all, entries(&all, hour(690)), hour(690)), book())
}

#[test]
fn the_page_speaks_both_languages_and_fetches_nothing() {
    let page = page();
    for text in [
        "<html lang=\"en\">",
        "Deadline board",
        "待办时限",
        "怎么办",
        "燕文",
        "Beijing",
    ] {
        assert!(page.contains(text), "{text}");
    }
    assert_eq!(
        page.matches("<span lang=\"en\">").count(),
        page.matches("<span lang=\"zh-CN\">").count()
    );
    for outside in ["http://", "https://", " src=", "@import", "url("] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_same_night_gives_the_same_bytes() {
    assert_eq!(page(), page());
}

#[test]
fn what_others_wrote_never_becomes_markup() {
    let hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\" ' & =cmd|' /C calc'!A0";
    let mut made = order(1, 8_010, 0);
    send(&mut made, hostile, &[]);
    let mut posted = entries(&orders(300), hour(900));
    posted[0].because = Because::AppealAccepted {
        appeal_id: hostile.to_owned(),
        filed_at: hour(1),
        decided_at: hour(1),
    };
    let page = html(&digest_of(&[made], posted, hour(20)), book());
    assert_eq!(page.matches("<script>").count(), 1, "the page's own");
    assert!(!page.contains("<img") && page.contains("&lt;img src=x onerror=alert(1)&gt;&quot;"));
    assert!(page.contains("script-src 'sha256-"));
}

#[test]
fn what_was_not_looked_at_is_said_first() {
    let digest = Digest {
        missing: vec![Missing {
            segment: 2,
            segments: 4,
            after: Some("8000011000000005".to_owned()),
        }],
        ..digest_of(&[], Vec::new(), hour(20))
    };
    let page = html(&digest, book());
    let told = page.find("部分订单未检查").expect("it is said");
    assert!(told < page.find("At risk").expect("the top") && page.contains("3 / 4"));
    assert!(page.contains("8000011000000005"));
}
