//! Demo data: two plain rooms, in Korean and English.

use serde_json::json;

use super::{NewPlainRoom, Rooms};
use crate::adapters::clock::Clock;
use crate::features::accounts::Principal;
use crate::problem::{Code, Refusal};
use crate::texts::Locale;
use crate::time::Time;

/// One room. `began_min` counts back from now; a line is (user code, words).
struct Scene {
    key: &'static str,
    name: &'static str,
    locale: Locale,
    open: bool,
    began_min: i64,
    members: &'static [&'static str],
    /// Come in by themselves after the room is made.
    join: &'static [&'static str],
    members_max: Option<i64>,
    /// What ADM001 tells everybody before anybody writes.
    notice: &'static str,
    lines: &'static [(&'static str, &'static str)],
}

const SCENES: &[Scene] = &[
    Scene {
        key: "team:support",
        name: "상담팀 이야기방",
        locale: Locale::Ko,
        open: false,
        began_min: 26 * 60,
        members: &["ADM001", "AGT001", "AGT002"],
        join: &[],
        members_max: None,
        notice: "매일 오전 10시에 이 방에서 하루 계획을 나눠요. 못 오는 날은 미리 남겨 주세요.",
        lines: &[
            ("ADM001", "이번 주부터 교환 문의는 사진을 먼저 받아 주세요."),
            ("AGT001", "네, 알겠습니다. 안내 문구도 바꿔 둘게요."),
            ("AGT002", "Got it. I will use the same wording for English customers."),
            ("ADM001", "고마워요. 문의가 많으면 이 방에 바로 알려 주세요."),
        ],
    },
    Scene {
        key: "club:tea",
        name: "Tea lovers",
        locale: Locale::En,
        open: true,
        began_min: 3 * 60,
        members: &["ADM001", "CUS004"],
        join: &["CUS001", "CUS003"],
        members_max: Some(8),
        notice: "Tasting on Saturday at three, in the hall. 토요일 오후 3시에 시음회가 있어요.",
        lines: &[
            ("CUS004", "Which green tea would you take for the white porcelain set?"),
            ("CUS001", "저는 우전을 추천해요. 향이 부드러워요."),
            ("CUS003", "세작도 좋아요. 두 번째 우릴 때 더 맛있더라고요."),
            ("ADM001", "Bring a cup you like to the tasting. Everybody is welcome."),
        ],
    },
];

/// Fills the demo's rooms with `people`, moving `clock` along; it must be a standing one that `rooms` reads.
///
/// # Errors
/// `not_found` for a person who is missing, and whatever is refused.
pub async fn fill(rooms: &Rooms, people: &[Principal], clock: &Clock) -> Result<(), Refusal> {
    let now = clock.now();
    for scene in SCENES {
        clock.set(Time::from_ms(now.ms() - scene.began_min * 60_000));
        play(rooms, people, clock, scene).await?;
    }
    clock.set(now);
    Ok(())
}

async fn play(rooms: &Rooms, people: &[Principal], clock: &Clock, scene: &Scene) -> Result<(), Refusal> {
    let person = |code: &str| {
        let found = people.iter().find(|p| p.user_code == code);
        found.ok_or_else(|| Refusal::new(Code::NotFound))
    };
    let new = NewPlainRoom {
        name: Some(scene.name.to_owned()),
        key: Some(scene.key.to_owned()),
        open: scene.open,
        members_max: scene.members_max,
        members: scene.members.iter().map(|code| (*code).to_owned()).collect(),
        ..NewPlainRoom::default()
    };
    let (room_id, _) = rooms.make(person("ADM001")?, scene.locale, new).await?;
    for code in scene.join {
        clock.set(clock.now().plus_s(40));
        rooms.join(person(code)?, room_id).await?;
        rooms.flush().await;
    }
    rooms.notify(person("ADM001")?, room_id, scene.notice).await?;
    for (code, content) in scene.lines {
        clock.set(clock.now().plus_s(95));
        let body = json!({ "content": content }).to_string();
        rooms
            .send_message(person(code)?, room_id, body.as_bytes())
            .await?
            .await?;
    }
    Ok(())
}
