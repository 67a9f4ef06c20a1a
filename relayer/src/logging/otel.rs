//! Export of spans, with the events in them, to an OpenTelemetry collector: OTLP in
//! protobuf over HTTP.
//!
//! The standard variables of OpenTelemetry say where to: `OTEL_EXPORTER_OTLP_ENDPOINT`,
//! such as `http://localhost:4318`. Without it nothing is exported. The steps are spans at
//! debug level; they are exported whatever is logged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{SpanExporter, WithHttpConfig};
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_sdk::Resource;
use tokio::runtime::Handle;
use tracing::level_filters::LevelFilter;
use tracing::{info, warn, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::Layer;

use super::OURS;

/// Either of these says where the collector is.
const ENDPOINTS: [&str; 2] = [
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
];
const SERVICE_NAME: &str = "OTEL_SERVICE_NAME";
/// How long one request to the collector may take. Default 4 s, which is less than the end
/// of the export waits.
const REQUEST_TIME_MAX: Duration = Duration::from_secs(4);

/// A running export.
pub struct Export(SdkTracerProvider);

impl Export {
    /// Sends what waits, for some seconds at most.
    pub fn end(self) {
        // The client has said what could not be sent.
        let _ = self.0.shutdown();
    }
}

/// A layer that exports spans, if the environment names a collector. Requests are made on
/// `runtime`, which has to outlive it.
pub fn spans<S>(runtime: &Handle) -> anyhow::Result<Option<(impl Layer<S>, Export)>>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !ENDPOINTS.into_iter().any(is_set) {
        return Ok(None);
    }
    let exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(Client::new(runtime)?)
        .build()
        .context("cannot export spans to OpenTelemetry")?;
    let mut resource = Resource::builder();
    if !is_set(SERVICE_NAME) {
        resource = resource.with_service_name("tern");
    }
    let provider = SdkTracerProvider::builder()
        .with_batch_exporter(exporter)
        .with_resource(resource.build())
        .build();
    let targets = OURS.map(|name| (name, LevelFilter::DEBUG));
    let spans = tracing_opentelemetry::layer()
        .with_tracer(provider.tracer("tern"))
        .with_filter(Targets::new().with_targets(targets));
    Ok(Some((spans, Export(provider))))
}

/// The HTTP client that nodes are asked with, too. The exporter calls it from a thread of
/// its own, outside the runtime.
#[derive(Debug)]
struct Client {
    client: reqwest::Client,
    runtime: Handle,
    is_failing: AtomicBool,
}

impl Client {
    fn new(runtime: &Handle) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(REQUEST_TIME_MAX);
        Ok(Self {
            client: client.build().context("cannot make an HTTP client")?,
            runtime: runtime.clone(),
            is_failing: AtomicBool::new(false),
        })
    }

    async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let (head, body) = request.into_parts();
        let mut asked = self.client.post(head.uri.to_string()).body(body);
        for (name, value) in &head.headers {
            asked = asked.header(name.as_str(), value.as_bytes());
        }
        let answer = self.runtime.spawn(async move {
            let answer = asked.send().await?.error_for_status()?;
            Ok::<_, reqwest::Error>((answer.status().as_u16(), answer.bytes().await?))
        });
        let (status, body) = answer.await??;
        Ok(Response::builder().status(status).body(body)?)
    }
}

#[async_trait]
impl HttpClient for Client {
    /// The exporter makes POST requests only.
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let collector = request.uri().to_string();
        let answer = self.send(request).await;
        match &answer {
            Ok(_) => {
                if self.is_failing.swap(false, Ordering::Relaxed) {
                    info!(
                        node = collector,
                        recovered = true,
                        "spans are exported again"
                    );
                }
            }
            Err(reason) => {
                self.is_failing.store(true, Ordering::Relaxed);
                warn!(node = collector, %reason, "cannot export spans to OpenTelemetry: they are lost");
            }
        }
        answer
    }
}
