//! Pagination as in the SDK.

use ibc_proto::cosmos::base::query::v1beta1::{PageRequest, PageResponse};

/// The default and the largest page size.
const LIMIT_DEFAULT: u64 = 100;
const LIMIT_MAX: u64 = 10_000;

/// One page out of `entries`, which come by key, in the order of keys.
pub(crate) fn page<T>(
    entries: impl Iterator<Item = (Vec<u8>, T)>,
    request: Option<PageRequest>,
) -> (Vec<T>, Option<PageResponse>) {
    let request = request.unwrap_or_default();
    let limit = match request.limit {
        0 => LIMIT_DEFAULT,
        limit => limit.min(LIMIT_MAX),
    };
    let mut items = Vec::new();
    let mut response = PageResponse::default();
    let (mut seen, mut skipped) = (0u64, 0u64);
    for (key, entry) in entries {
        seen += 1;
        if key < request.key {
            continue;
        }
        if request.key.is_empty() && skipped < request.offset {
            skipped += 1;
            continue;
        }
        if (items.len() as u64) < limit {
            items.push(entry);
        } else if response.next_key.is_empty() {
            response.next_key = key;
            if !request.count_total {
                break;
            }
        }
    }
    if request.count_total {
        response.total = seen;
    }
    (items, Some(response))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(request: PageRequest) -> (Vec<u8>, PageResponse) {
        let entries = (0u8..10).map(|n| (vec![n + 1], n));
        let (items, response) = page(entries, Some(request));
        (items, response.unwrap_or_default())
    }

    #[test]
    fn pages_follow_each_other_and_meet() {
        let mut key = Vec::new();
        let mut all = Vec::new();
        for _ in 0..4 {
            let request = PageRequest {
                key: key.clone(),
                limit: 3,
                ..PageRequest::default()
            };
            let (items, response) = cut(request);
            all.extend(items);
            key = response.next_key;
        }
        assert_eq!(all, (0u8..10).collect::<Vec<_>>());
        assert!(key.is_empty());
    }

    #[test]
    fn an_offset_skips_and_a_total_counts() {
        let request = PageRequest {
            offset: 7,
            limit: 2,
            count_total: true,
            ..PageRequest::default()
        };
        let (items, response) = cut(request);
        assert_eq!((items, response.total), (vec![7, 8], 10));
    }
}
