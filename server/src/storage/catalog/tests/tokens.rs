//! Minted tokens.

use uuid::Uuid;

use super::*;

impl Fixture {
    async fn mint(
        &self,
        number: u8,
        databases: &[DatabaseId],
        groups: &[GroupId],
    ) -> Result<TokenRow> {
        let token = TokenRow {
            id: token_id(number),
            subject: format!("user {}", number % 2),
            claims: format!("{{\"n\":{number}}}"),
            databases: databases.to_vec(),
            groups: groups.to_vec(),
            key_id: "k".to_owned(),
            create_time: Timestamp(i64::from(number / 2)),
            expire_time: (number > 3).then_some(Timestamp(i64::from(number) * 100)),
            revoke_time: None,
        };
        self.catalog.add_token(token.clone()).await?;
        Ok(token)
    }

    /// The numbers of the tokens in a list, read in pages of two.
    async fn listed(&self, filter: TokenFilter) -> Vec<u8> {
        let mut all: Vec<TokenRow> = Vec::new();
        loop {
            let after = all.last().map(|last| (last.create_time, last.id));
            let page = self.catalog.tokens(filter.clone(), after, 2).await.expect("reads");
            if page.is_empty() {
                return all.iter().map(|token| token.id.uuid().as_bytes()[15]).collect();
            }
            all.extend(page);
        }
    }
}

fn token_id(number: u8) -> TokenId {
    TokenId::new(Uuid::from_u128(number.into()))
}

#[tokio::test]
async fn lists_narrow_to_what_is_named_and_to_what_may_be_seen() {
    let fixture = fixture();
    let [eu, us] = [fixture.group("eu").await.id, fixture.group("us").await.id];
    let mut databases = Vec::new();
    for name in ["eu/a", "eu/b", "us/c"] {
        databases.push(fixture.create(name).await.expect("creates").id);
    }
    let [a, b, c] = databases[..] else { panic!("three were created") };
    let minted = fixture.mint(1, &[a], &[]).await.expect("adds");
    fixture.mint(2, &[a, b], &[]).await.expect("adds");
    fixture.mint(3, &[a, c], &[]).await.expect("adds");
    fixture.mint(4, &[c], &[eu]).await.expect("adds");
    fixture.mint(5, &[], &[eu]).await.expect("adds");
    fixture.mint(6, &[], &[]).await.expect("adds");
    fixture.mint(7, &[b], &[eu, us]).await.expect("adds");

    let fixture = fixture.reopen();
    assert_eq!(fixture.catalog.token(minted.id).await.expect("reads"), Some(minted));
    assert_eq!(fixture.catalog.token(token_id(9)).await.expect("reads"), None);

    let scope = |scope| TokenFilter { scope: Some(scope), ..Default::default() };
    let visible = |groups: &[GroupId], databases: &[DatabaseId]| TokenFilter {
        visible: Some(Visible { groups: groups.to_vec(), databases: databases.to_vec() }),
        ..Default::default()
    };
    assert_eq!(fixture.listed(TokenFilter::default()).await, [7, 6, 5, 4, 3, 2, 1]);
    assert_eq!(fixture.listed(scope(TokenScope::Database(a))).await, [3, 2, 1]);
    assert_eq!(fixture.listed(scope(TokenScope::Group(us))).await, [7, 4, 3]);
    assert_eq!(fixture.listed(visible(&[eu], &[])).await, [5, 2, 1]);
    assert_eq!(fixture.listed(visible(&[eu], &[c])).await, [5, 4, 3, 2, 1]);
    assert_eq!(fixture.listed(visible(&[eu, us], &[])).await, [7, 5, 4, 3, 2, 1]);
    assert_eq!(fixture.listed(visible(&[], &[a])).await, [1]);
    assert_eq!(fixture.listed(visible(&[], &[])).await, [0; 0]);
    let both = TokenFilter { scope: Some(TokenScope::Group(us)), ..visible(&[eu, us], &[]) };
    assert_eq!(fixture.listed(both).await, [7, 4, 3]);
    let subject = TokenFilter { subject: Some("user 1".to_owned()), ..Default::default() };
    assert_eq!(fixture.listed(subject).await, [7, 5, 3, 1]);

    // A token outlives what it names.
    let now = fixture.now();
    fixture.catalog.delete_database(a, None, now, Duration::ZERO).await.expect("deletes");
    fixture.catalog.purge_databases(now, 9).await.expect("marks");
    fixture.catalog.forget_databases(vec![a]).await.expect("forgets");
    assert_eq!(fixture.listed(visible(&[eu], &[])).await, [5, 2, 1]);
    assert_eq!(reason(fixture.mint(8, &[a], &[]).await), Reason::DatabaseNotFound);
    assert_eq!(
        reason(fixture.mint(8, &[], &[GroupId::new(a.uuid())]).await),
        Reason::GroupNotFound
    );
}

#[tokio::test]
async fn revoked_tokens_stay_revoked() {
    let fixture = fixture();
    for number in [1, 4, 5] {
        fixture.mint(number, &[], &[]).await.expect("adds");
    }
    assert_eq!(fixture.catalog.revoked_tokens(START).await.expect("reads"), []);
    for (number, time) in [(1, 50), (4, 60), (1, 70)] {
        fixture.catalog.revoke_token(token_id(number), Timestamp(time)).await.expect("revokes");
    }
    let refused = fixture.catalog.revoke_token(token_id(9), START).await;
    assert_eq!(reason(refused), Reason::TokenNotFound);

    let fixture = fixture.reopen();
    let first = fixture.catalog.token(token_id(1)).await.expect("reads").expect("is there");
    assert_eq!(first.revoke_time, Some(Timestamp(50)), "the first time counts");
    let revoked = async |now| fixture.catalog.revoked_tokens(Timestamp(now)).await.expect("reads");
    assert_eq!(revoked(399).await, [token_id(1), token_id(4)]);
    assert_eq!(revoked(400).await, [token_id(1)], "an expired one needs no revocation");
    let active = TokenFilter { active_at: Some(Timestamp(499)), ..Default::default() };
    assert_eq!(fixture.listed(active).await, [5]);
    let active = TokenFilter { active_at: Some(Timestamp(500)), ..Default::default() };
    assert_eq!(fixture.listed(active).await, [0; 0]);
}
