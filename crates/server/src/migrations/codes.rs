//! The first codes of the code tables, in Korean and English. Operators change labels and categories later.

use sea_orm_migration::prelude::*;

use crate::adapters::database::execute;

#[derive(Debug, DeriveMigrationName)]
pub(super) struct Step;

#[async_trait::async_trait]
impl MigrationTrait for Step {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for (group, codes) in CODES {
            for (order, (code, ko, en)) in (1_i32..).zip(*codes) {
                execute(
                    manager.get_connection(),
                    "INSERT INTO code (group_code, code, label_ko, label_en, sort_order, in_use) VALUES ($1, $2, $3, $4, $5, TRUE)",
                    [
                        (*group).into(),
                        (*code).into(),
                        (*ko).into(),
                        (*en).into(),
                        order.into(),
                    ],
                )
                .await?;
            }
        }
        Ok(())
    }
}

type Labels = (&'static str, &'static str, &'static str);

const CODES: &[(&str, &[Labels])] = &[
    (
        "FAQ_CATEGORY",
        &[
            ("DELIVERY", "배송", "Delivery"),
            ("PAYMENT", "주문·결제", "Orders and payment"),
            ("RETURN", "교환·반품", "Exchanges and returns"),
            ("PRODUCT", "상품 문의", "Products"),
            ("ACCOUNT", "회원 정보", "Account"),
            ("ETC", "기타", "Something else"),
        ],
    ),
    (
        "CHAT_SESSION_STATUS",
        &[
            ("WAITING", "대기중", "Waiting"),
            ("ACTIVE", "진행중", "Active"),
            ("COMPLETED", "완료", "Completed"),
            ("DISCONNECTED", "일시이탈", "Away"),
        ],
    ),
    (
        "CHAT_MESSAGE_TYPE",
        &[
            ("TEXT", "텍스트", "Text"),
            ("IMAGE", "이미지", "Image"),
            ("FILE", "파일", "File"),
            ("SYSTEM", "시스템메시지", "System message"),
        ],
    ),
    (
        "CHAT_DISCONNECT_REASON",
        &[
            ("NETWORK_ERROR", "네트워크 오류", "Network error"),
            ("BROWSER_CLOSE", "브라우저 종료", "Browser closed"),
            ("TIMEOUT", "시간 초과", "Timed out"),
        ],
    ),
    (
        "CHAT_EXIT_REASON",
        &[
            ("RESOLVED", "문제 해결", "Resolved"),
            ("CANCELLED", "상담 취소", "Cancelled"),
            ("TRANSFERRED", "상담 이관", "Transferred"),
        ],
    ),
];
