using Whorl.Sources.Sites.Fetching.Wire;

namespace Whorl.Sources.Sites.Fetching;

/// <summary>Guesses what a server is made of by headers that products add without being asked. Anybody can write any of them: it is a guess.</summary>
internal static class ServerStack
{
    // A word in the value of a header means a product; an empty word means that the header is there at all.
    private static readonly (string Header, string Word, string Product)[] Signs =
    [
        ("Server", "nginx", "nginx"), ("Server", "openresty", "openresty"), ("Server", "Apache", "apache"), ("Server", "LiteSpeed", "litespeed"), ("Server", "Microsoft-IIS", "iis"),
        ("Server", "Caddy", "caddy"), ("Server", "cloudflare", "cloudflare"), ("Server", "gunicorn", "gunicorn"), ("Server", "Werkzeug", "flask"), ("Server", "Kestrel", "kestrel"),
        ("Server", "Tengine", "tengine"), ("Server", "AmazonS3", "amazon-s3"), ("Server", "Vercel", "vercel"), ("Server", "Netlify", "netlify"), ("Server", "GitHub.com", "github-pages"),
        ("Server", "gws", "google"), ("Server", "Jetty", "jetty"), ("Server", "Cowboy", "cowboy"), ("Server", "envoy", "envoy"),
        ("X-Powered-By", "PHP", "php"), ("X-Powered-By", "ASP.NET", "asp.net"), ("X-Powered-By", "Express", "express"), ("X-Powered-By", "Next.js", "next.js"), ("X-Powered-By", "Plesk", "plesk"),
        ("X-AspNet-Version", "", "asp.net"), ("CF-RAY", "", "cloudflare"), ("X-Vercel-Id", "", "vercel"), ("X-Amz-Cf-Id", "", "cloudfront"), ("X-Amz-Request-Id", "", "amazon-s3"),
        ("X-GitHub-Request-Id", "", "github-pages"), ("X-NF-Request-ID", "", "netlify"), ("X-Shopify-Stage", "", "shopify"), ("X-ShopId", "", "shopify"), ("X-Wix-Request-Id", "", "wix"),
        ("X-Drupal-Cache", "", "drupal"), ("X-Pingback", "xmlrpc.php", "wordpress"), ("Link", "wp-json", "wordpress"), ("X-Turbo-Charged-By", "LiteSpeed", "litespeed"),
        ("X-Fastly-Request-ID", "", "fastly"), ("X-Sucuri-ID", "", "sucuri"), ("X-Varnish", "", "varnish"), ("x-envoy-upstream-service-time", "", "envoy"), ("X-LiteSpeed-Cache", "", "litespeed"),
    ];

    private static readonly (string Start, string Product)[] Cookies =
    [
        ("PHPSESSID=", "php"), ("laravel_session=", "laravel"), ("ASP.NET_SessionId=", "asp.net"), (".AspNetCore.", "asp.net"), ("JSESSIONID=", "java"), ("connect.sid=", "express"),
        ("csrftoken=", "django"), ("__cf_bm=", "cloudflare"), ("wordpress_", "wordpress"), ("wp-", "wordpress"), ("PrestaShop-", "prestashop"), ("OCSESSID=", "opencart"), ("frontend=", "magento"),
    ];

    private static readonly string[] Generators = ["WordPress", "Joomla", "Drupal", "Wix", "Shopify", "PrestaShop", "OpenCart", "Hugo", "Blogger", "Webflow", "Ghost", "MediaWiki"];

    public static IReadOnlyList<string> Of(ResponseHead head, string? generator)
    {
        SortedSet<string> found = new(StringComparer.Ordinal);
        foreach ((string header, string word, string product) in Signs)
        {
            if (head.All(header).Any(value => value.Contains(word, StringComparison.OrdinalIgnoreCase)))
            {
                found.Add(product);
            }
        }

        foreach ((string start, string product) in Cookies)
        {
            if (head.All("Set-Cookie").Any(value => value.StartsWith(start, StringComparison.OrdinalIgnoreCase)))
            {
                found.Add(product);
            }
        }

        found.UnionWith(Generators.Where(name => generator?.StartsWith(name, StringComparison.OrdinalIgnoreCase) == true).Select(name => name.ToLowerInvariant()));
        return [.. found];
    }
}
