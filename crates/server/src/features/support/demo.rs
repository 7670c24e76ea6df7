//! Demo data: conversations that are over, that run and that wait, in Korean and English.

use std::collections::HashMap;

use serde_json::json;

use super::moves::Action;
use super::reading::Mark;
use super::rules::ExitReason;
use super::{Support, Wanted};
use crate::adapters::clock::Clock;
use crate::features::accounts::Principal;
use crate::features::codes::CATEGORIES;
use crate::problem::{Code, Refusal};
use crate::texts::Locale;
use crate::time::Time;

/// Who says a line.
#[derive(Clone, Copy)]
enum Says {
    Customer,
    Agent,
}

/// One conversation. `customer` and `agent` are user codes, `began_min` counts back from now.
struct Scene {
    customer: &'static str,
    locale: Locale,
    category: &'static str,
    title: Option<&'static str>,
    began_min: i64,
    /// Who took it; none: it still waits.
    agent: Option<&'static str>,
    lines: &'static [(Says, &'static str)],
    ended: Option<Says>,
    /// What the customer said of it afterwards.
    rating: Option<(i32, Option<&'static str>)>,
    /// It takes up the conversation that this customer ended last.
    continues: bool,
}

const DAY_MIN: i64 = 24 * 60;

const SCENES: &[Scene] = &[
    Scene {
        customer: "CUS001",
        locale: Locale::Ko,
        category: "DELIVERY",
        title: Some("주문한 상품이 아직 안 왔어요"),
        began_min: 2 * DAY_MIN + 95,
        agent: Some("AGT001"),
        lines: &[
            (
                Says::Customer,
                "안녕하세요. 월요일에 주문한 머그컵이 아직 도착하지 않았어요.",
            ),
            (
                Says::Agent,
                "안녕하세요, 홍길동님. 김상담입니다. 주문 번호를 알려 주시겠어요?",
            ),
            (Says::Customer, "2026-1118-0042예요."),
            (
                Says::Agent,
                "확인해 보니 지금 서울 물류센터에 있습니다. 내일 오전에 도착할 예정이에요.",
            ),
            (Says::Customer, "아, 그렇군요. 감사합니다!"),
        ],
        ended: Some(Says::Customer),
        rating: Some((5, Some("빠르고 친절했어요."))),
        continues: false,
    },
    Scene {
        customer: "CUS002",
        locale: Locale::Ko,
        category: "RETURN",
        title: None,
        began_min: DAY_MIN + 200,
        agent: Some("AGT001"),
        lines: &[
            (Says::Customer, "받은 컵에 금이 가 있어요. 교환할 수 있을까요?"),
            (
                Says::Agent,
                "불편을 드려 죄송합니다. 바로 새 상품으로 보내 드릴게요.\n받으신 상품은 기사님이 가실 때 전해 주시면 됩니다.",
            ),
            (Says::Customer, "네, 알겠습니다. 빠른 답변 고마워요."),
            (Says::Agent, "더 궁금한 점이 있으면 언제든 말씀해 주세요."),
        ],
        ended: Some(Says::Agent),
        rating: Some((4, None)),
        continues: false,
    },
    Scene {
        customer: "CUS004",
        locale: Locale::En,
        category: "PAYMENT",
        title: Some("Charged twice?"),
        began_min: 190,
        agent: Some("AGT002"),
        lines: &[
            (Says::Customer, "Hi, my card shows two charges for one order."),
            (
                Says::Agent,
                "Hello John, let me check. One of the two is only a hold, and it will disappear within three days.",
            ),
            (Says::Customer, "Great, thank you for the quick help."),
        ],
        ended: Some(Says::Customer),
        rating: Some((5, Some("Quick and friendly."))),
        continues: false,
    },
    Scene {
        customer: "CUS003",
        locale: Locale::Ko,
        category: "PRODUCT",
        title: Some("찻잔 세트 재입고"),
        began_min: 12,
        agent: Some("AGT001"),
        lines: &[
            (Says::Customer, "백자 찻잔 세트는 언제 다시 들어오나요?"),
            (
                Says::Agent,
                "다음 주 수요일에 들어올 예정입니다. 입고 알림을 신청해 드릴까요?",
            ),
            (Says::Customer, "네, 부탁드려요. 두 세트를 사고 싶은데 함께 포장되나요?"),
        ],
        ended: None,
        rating: None,
        continues: false,
    },
    Scene {
        customer: "CUS004",
        locale: Locale::En,
        category: "ACCOUNT",
        title: None,
        began_min: 7,
        agent: Some("AGT002"),
        lines: &[
            (Says::Customer, "How do I change the e-mail address of my account?"),
            (
                Says::Agent,
                "You will find it under My page, then Profile. Shall I stay while you try?",
            ),
        ],
        ended: None,
        rating: None,
        continues: false,
    },
    Scene {
        customer: "CUS002",
        locale: Locale::Ko,
        category: "ETC",
        title: Some("선물 포장 문의"),
        began_min: 2,
        agent: None,
        lines: &[(Says::Customer, "선물 포장을 하면 배송이 늦어지나요?")],
        ended: None,
        rating: None,
        continues: false,
    },
    Scene {
        customer: "CUS001",
        locale: Locale::Ko,
        category: "DELIVERY",
        title: None,
        began_min: 1,
        agent: None,
        lines: &[(Says::Customer, "머그컵이 잘 왔는데 손잡이에 흠집이 있어요.")],
        ended: None,
        rating: None,
        continues: true,
    },
];

/// Plays the demo's conversations with `people`, moving `clock` along; it must be a standing one that `support` reads.
///
/// # Errors
/// `not_found` for a person or category that is missing, and whatever a move is refused with.
pub async fn fill(support: &Support, people: &[Principal], clock: &Clock) -> Result<(), Refusal> {
    let now = clock.now();
    let mut ended = HashMap::new();
    for scene in SCENES {
        clock.set(Time::from_ms(now.ms() - scene.began_min * 60_000));
        let earlier = ended.get(scene.customer).copied().filter(|_| scene.continues);
        let id = play(support, people, clock, scene, earlier).await?;
        if scene.ended.is_some() {
            ended.insert(scene.customer, id);
        }
    }
    clock.set(now);
    Ok(())
}

/// The scene's session.
async fn play(
    support: &Support,
    people: &[Principal],
    clock: &Clock,
    scene: &Scene,
    continues: Option<i64>,
) -> Result<i64, Refusal> {
    let person = |code: &str| {
        let found = people.iter().find(|p| p.user_code == code);
        found.ok_or_else(|| Refusal::new(Code::NotFound))
    };
    let customer = person(scene.customer)?;
    let wanted = Wanted {
        category_id: Some(category(support, scene.category)?),
        title: scene.title.map(str::to_owned),
        continues,
        email: None,
    };
    let id = support.open(customer, scene.locale, wanted).await?;
    let agent = scene.agent.map(person).transpose()?;
    if let Some(agent) = agent {
        later(clock, 20);
        support.act(agent, id, Action::Start).await?;
    }
    for (says, content) in scene.lines {
        later(clock, 6);
        let Some(speaker) = speaker(*says, customer, agent) else {
            continue;
        };
        let body = json!({"sessionId": id, "content": content}).to_string();
        support.send_message(speaker, body.as_bytes()).await?.await?;
        for reader in [Some(customer), agent].into_iter().flatten() {
            support.mark(reader, id, Mark::Read(None)).await?;
        }
    }
    if let Some(speaker) = scene.ended.and_then(|says| speaker(says, customer, agent)) {
        later(clock, 25);
        support.act(speaker, id, Action::End(ExitReason::Resolved)).await?;
    }
    if let Some((score, comment)) = scene.rating {
        later(clock, 15);
        support.rate(id, score, comment).await?;
    }
    Ok(id)
}

const fn speaker<'a>(says: Says, customer: &'a Principal, agent: Option<&'a Principal>) -> Option<&'a Principal> {
    match says {
        Says::Customer => Some(customer),
        Says::Agent => agent,
    }
}

fn later(clock: &Clock, seconds: u64) {
    clock.set(clock.now().plus_s(seconds));
}

fn category(support: &Support, code: &str) -> Result<i64, Refusal> {
    let all = support.0.codes.all();
    let found = all.iter().find(|entry| entry.group == CATEGORIES && entry.code == code);
    found.map(|entry| entry.id).ok_or_else(|| Code::NotFound.into())
}
