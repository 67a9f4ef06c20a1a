//! An answer decoded, whatever is in it.

use std::panic::{catch_unwind, AssertUnwindSafe};

use tendermint_rpc::error::ErrorDetail;
use tendermint_rpc::Response;

use crate::errors::{flex_line, shortened, Fault};

/// Reads an answer of an RPC.
///
/// The decoder of base64 below `tendermint-rpc` panics where a padding stands alone, as
/// in `"="`. No node may stop Tern with that: the panic ends here, and the answer cannot
/// be read.
pub fn decode<R: Response, T: From<R>>(answer: &[u8]) -> Result<T, Fault> {
    // Nothing outlives a panic but the bytes, which are not changed.
    let decoded = catch_unwind(AssertUnwindSafe(|| R::from_string(answer).map(T::from)));
    match decoded {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(match error.detail() {
            ErrorDetail::Response(response) => {
                Fault::Answer(shortened(response.source.to_string()))
            }
            ErrorDetail::Serde(_) => Fault::Transport(shortened(format!(
                "the answer is not CometBFT's, but perhaps a web page or a proxy's message: {}",
                flex_line!(error)
            ))),
            _ => Fault::Transport(shortened(flex_line!(error))),
        }),
        Err(_) => {
            let reason = "the answer has something in it that its decoder fails at";
            Err(Fault::Transport(reason.to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use tendermint_rpc::endpoint::abci_query;

    use super::*;

    fn answer(value: &str) -> String {
        format!(
            r#"{{"jsonrpc":"2.0","id":1,"result":{{"response":{{"code":0,"log":"","info":"",
            "index":"0","key":"","value":"{value}","proofOps":null,"height":"7",
            "codespace":""}}}}}}"#
        )
    }

    fn read(answer: &str) -> Result<abci_query::Response, Fault> {
        decode::<abci_query::Response, _>(answer.as_bytes())
    }

    #[test]
    fn a_padding_that_stands_alone_is_unreadable_and_no_panic() {
        assert_eq!(read(&answer("aGk=")).unwrap().response.value, b"hi");
        for wrong in ["=", "====", "aGkK="] {
            let refused = read(&answer(wrong));
            assert!(matches!(refused, Err(Fault::Transport(_))), "{wrong}");
        }
    }

    #[test]
    fn an_answer_that_is_not_the_nodes_is_called_that() {
        let Err(Fault::Transport(text)) = read("<html></html>") else {
            panic!("taken for the node's answer");
        };
        assert!(text.starts_with("the answer is not CometBFT's"), "{text}");
    }
}
