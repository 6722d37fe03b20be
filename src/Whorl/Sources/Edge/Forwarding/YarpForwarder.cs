using Microsoft.AspNetCore.Http.Features;
using Whorl.Sources.Edge.Exchanges;
using Whorl.Sources.Edge.Messages;
using Whorl.Sources.Edge.Routing;
using Yarp.ReverseProxy.Forwarder;

namespace Whorl.Sources.Edge.Forwarding;

/// <summary>Carries what the strict forwarder does not: protocol switches (WebSocket), HTTP/2 and TLS towards upstreams.</summary>
internal sealed class YarpForwarder(IHttpForwarder http, UpstreamHealth health)
{
    public async ValueTask<ForwardResult> ForwardAsync(KestrelExchange exchange)
    {
        Site site = exchange.Site!;
        Upstream upstream = site.Balancer.Pick();
        exchange.Upstream = upstream;
        if (site.Cluster is not { } cluster)
        {
            return ForwardResult.Unreachable;
        }

        DefaultHttpContext context = new(exchange.Features);
        if (exchange.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size && exchange.WantsUpgrade)
        {
            size.MaxRequestBodySize = null;
        }

        ForwarderRequestConfig config = new()
        {
            ActivityTimeout = site.Options.IdleTime,
            Version = upstream.IsHttp2 ? System.Net.HttpVersion.Version20 : System.Net.HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (exchange.WantsUpgrade && upstream.IsHttp2)
        {
            config = config with { VersionPolicy = HttpVersionPolicy.RequestVersionOrLower };
        }

        upstream.Enter();
        ForwarderError error;
        try
        {
            error = await http.SendAsync(context, upstream.Uri.GetLeftPart(UriPartial.Authority), cluster.Model.HttpClient, config, new EdgeTransformer(exchange));
        }
        finally
        {
            upstream.Leave();
        }

        if (error == ForwarderError.None)
        {
            return ForwardResult.Done;
        }

        ForwardResult result = Classify(error, exchange);
        if (result is ForwardResult.Unreachable or ForwardResult.TimedOut or ForwardResult.BadAnswer)
        {
            health.Failed(site, upstream);
        }

        if (!context.Response.HasStarted)
        {
            exchange.NoteAnswer(0, null);
            context.Response.Clear();
        }

        return result;
    }

    private static ForwardResult Classify(ForwarderError error, KestrelExchange exchange) => error switch
    {
        _ when exchange.ClientGone => ForwardResult.ClientGone,
        ForwarderError.RequestTimedOut => ForwardResult.TimedOut,
        ForwarderError.RequestBodyClient => ForwardResult.BadBody,
        ForwarderError.RequestCanceled or ForwarderError.RequestBodyCanceled or ForwarderError.ResponseBodyCanceled or ForwarderError.ResponseBodyClient
            or ForwarderError.UpgradeRequestClient or ForwarderError.UpgradeResponseClient or ForwarderError.UpgradeRequestCanceled or ForwarderError.UpgradeResponseCanceled => ForwardResult.ClientGone,
        ForwarderError.ResponseBodyDestination or ForwarderError.ResponseHeaders => ForwardResult.BadAnswer,
        // An open switch that idles out ends like any other.
        ForwarderError.UpgradeActivityTimeout => ForwardResult.ClientGone,
        _ => ForwardResult.Unreachable,
    };

    /// <summary>Strips and rewrites fields as <see cref="UpstreamHead"/> does on the other path.</summary>
    private sealed class EdgeTransformer(KestrelExchange exchange) : HttpTransformer
    {
        public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
        {
            await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
            string[] strange = [.. proxyRequest.Headers.NonValidated.Select(field => field.Key)
                .Where(name => HeaderKinds.Of(name.AsSpan()) is HeaderKind.Identity or HeaderKind.Forwarded or HeaderKind.XForwardedFor or HeaderKind.XForwardedProto
                    || (!exchange.WantsUpgrade && KestrelExchange.Nominates(httpContext.Request.Headers.Connection, name)))];
            foreach (string name in strange)
            {
                proxyRequest.Headers.Remove(name);
            }

            // The target as it came: what was judged is what is sent.
            proxyRequest.RequestUri = new Uri(destinationPrefix + exchange.Facts.Target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
            proxyRequest.Headers.Host = exchange.Upstream!.HostHeader ?? exchange.HostField;
            string client = exchange.Facts.Client.ToString();
            Add(proxyRequest, "X-Forwarded-For", client);
            Add(proxyRequest, "X-Real-IP", client);
            Add(proxyRequest, "X-Forwarded-Proto", exchange.Facts.Scheme);
            Add(proxyRequest, "X-Forwarded-Host", exchange.HostField ?? "");
            if (exchange.Site!.Options.Via)
            {
                Add(proxyRequest, "Via", exchange.Facts.Version + " whorl");
            }

            if (exchange.Site.Options.TellUpstream)
            {
                Add(proxyRequest, "X-Whorl-Reference", exchange.Reference.ToString());
                Add(proxyRequest, "X-Whorl-Verdict", ActionNames.Text(exchange.Verdict.Action));
            }
        }

        public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
        {
            bool body = await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
            if (proxyResponse is not null)
            {
                string[] nominated = [.. proxyResponse.Headers.Connection];
                foreach (string name in httpContext.Response.Headers.Keys.Where(name => HeaderKinds.Of(name.AsSpan()) == HeaderKind.Identity
                    || (httpContext.Response.StatusCode != 101 && nominated.Contains(name, StringComparer.OrdinalIgnoreCase))).ToArray())
                {
                    httpContext.Response.Headers.Remove(name);
                }

                exchange.NoteAnswer((int)proxyResponse.StatusCode, proxyResponse.Content.Headers.ContentLength);
            }

            return body;
        }

        private static void Add(HttpRequestMessage request, string name, string value) => request.Headers.TryAddWithoutValidation(name, value);
    }
}
