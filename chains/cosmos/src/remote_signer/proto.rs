//! `proto/tern/signer/v1/signer.proto` in Rust, written by hand: building needs no
//! `protoc`.

/// The names of the service and of its methods on the wire.
pub const SERVICE: &str = "tern.signer.v1.Signer";
pub const PUBLIC_KEY: &str = "/tern.signer.v1.Signer/PublicKey";
pub const SIGN: &str = "/tern.signer.v1.Signer/Sign";

#[derive(Clone, PartialEq, prost::Message)]
pub struct PublicKeyRequest {
    #[prost(string, tag = "1")]
    pub chain_id: String,
    #[prost(string, tag = "2")]
    pub key: String,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct PublicKeyResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub public_key: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct SignRequest {
    #[prost(string, tag = "1")]
    pub chain_id: String,
    #[prost(string, tag = "2")]
    pub key: String,
    #[prost(bytes = "vec", tag = "3")]
    pub sign_doc: Vec<u8>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub struct SignResponse {
    #[prost(bytes = "vec", tag = "1")]
    pub signature: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    pub public_key: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the file with the definition says, line by line.
    const DEFINITION: &str = include_str!("../../proto/tern/signer/v1/signer.proto");

    #[test]
    fn the_names_are_those_of_the_definition() {
        assert!(DEFINITION.contains("package tern.signer.v1;"));
        for name in ["service Signer {", "rpc PublicKey(", "rpc Sign("] {
            assert!(DEFINITION.contains(name), "{name}");
        }
        for path in [PUBLIC_KEY, SIGN] {
            assert!(path.starts_with(&format!("/{SERVICE}/")));
        }
    }

    #[test]
    fn the_fields_are_those_of_the_definition() {
        use prost::Message;
        let fields = |name: &str| -> Vec<(String, u8)> {
            let start = format!("message {name} {{");
            let (_, body) = DEFINITION.split_once(&start).expect("it is defined");
            let (body, _) = body.split_once('}').expect("it ends");
            let lines = body.lines().map(str::trim);
            let lines = lines.filter(|line| !line.is_empty() && !line.starts_with("//"));
            let field = |line: &str| {
                let (left, number) = line.trim_end_matches(';').split_once(" = ").unwrap();
                let kind = left.split_whitespace().next().unwrap();
                (kind.to_owned(), number.parse().unwrap())
            };
            lines.map(field).collect()
        };
        // Each field is one byte long: a tag with its number, a length and the byte.
        let tags = |bytes: Vec<u8>| -> Vec<u8> {
            let fields = bytes.chunks(3);
            fields.map(|field| field[0] >> 3).collect()
        };
        let text = || "x".to_owned();
        let byte = || vec![1];
        for (name, encoded) in [
            (
                "PublicKeyRequest",
                PublicKeyRequest {
                    chain_id: text(),
                    key: text(),
                }
                .encode_to_vec(),
            ),
            (
                "PublicKeyResponse",
                PublicKeyResponse { public_key: byte() }.encode_to_vec(),
            ),
            (
                "SignRequest",
                SignRequest {
                    chain_id: text(),
                    key: text(),
                    sign_doc: byte(),
                }
                .encode_to_vec(),
            ),
            (
                "SignResponse",
                SignResponse {
                    signature: byte(),
                    public_key: byte(),
                }
                .encode_to_vec(),
            ),
        ] {
            let defined: Vec<u8> = fields(name).into_iter().map(|(_, number)| number).collect();
            assert_eq!(tags(encoded), defined, "{name}");
        }
    }
}
