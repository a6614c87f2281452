//! The layers that Tower 0.4 has of those in cairn_ten.c: load shed, concurrency limit, rate limit, timeout,
//! retry, map response; boxed once. No limit is ever reached.

use std::convert::Infallible;
use std::future::Ready;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use hyper::{Body, Request, Response};
use tower::limit::ConcurrencyLimit;
use tower::load_shed::LoadShed;
use tower::retry::{Policy, Retry};
use tower::timeout::Timeout;
use tower::util::{BoxCloneService, MapResponse};
use tower::Service;

use crate::Error;

const CALLS_A_WINDOW: u64 = 1_000_000_000;

struct Window {
    until: Instant,
    left: u64,
}

/// Tower's RateLimit cannot be cloned, and each connection needs a clone: the same arithmetic, shared.
#[derive(Clone)]
struct SharedRateLimit<S> {
    inner: S,
    window: Arc<Mutex<Window>>,
}

impl<S, R> Service<R> for SharedRateLimit<S>
where
    S: Service<R>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        if self.window.lock().unwrap().left == 0 {
            return Poll::Pending;
        }
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: R) -> S::Future {
        {
            let mut window = self.window.lock().unwrap();
            let now = Instant::now();
            if now >= window.until {
                window.until = now + Duration::from_secs(1);
                window.left = CALLS_A_WINDOW;
            }
            window.left -= 1;
        }
        self.inner.call(request)
    }
}

#[derive(Clone)]
struct Never;

impl<E> Policy<Request<Body>, Response<Body>, E> for Never {
    type Future = Ready<Self>;

    fn retry(&self, _: &Request<Body>, _: Result<&Response<Body>, &E>) -> Option<Self::Future> {
        None
    }

    fn clone_request(&self, _: &Request<Body>) -> Option<Request<Body>> {
        None
    }
}

pub fn around<S>(service: S) -> BoxCloneService<Request<Body>, Response<Body>, Error>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    let mapped = MapResponse::new(service, |response: Response<Body>| response);
    let tried = Retry::new(Never, mapped);
    let timed = Timeout::new(tried, Duration::from_secs(30));
    let window = Window { until: Instant::now() + Duration::from_secs(1), left: CALLS_A_WINDOW };
    let rated = SharedRateLimit { inner: timed, window: Arc::new(Mutex::new(window)) };
    BoxCloneService::new(LoadShed::new(ConcurrencyLimit::new(rated, 10_000)))
}
