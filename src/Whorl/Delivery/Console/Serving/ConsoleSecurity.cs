using Microsoft.AspNetCore.Antiforgery;

namespace Whorl.Delivery.WebConsole.Serving;

/// <summary>What every answer of the console and API server carries, and what every change asks for.</summary>
internal static class ConsoleSecurity
{
    // No inline script or style anywhere: what a peer sends is shown here, and must stay text even where escaping were to fail.
    public const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    public static void Use(IApplicationBuilder app)
    {
        app.Use(async (http, next) =>
        {
            IHeaderDictionary headers = http.Response.Headers;
            headers.ContentSecurityPolicy = Policy;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "same-origin";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
            await next(http);
        });
        app.UseAuthentication();
        app.UseAuthorization();
    }

    /// <summary>Refuses a form that this console did not hand out to this session.</summary>
    public static async ValueTask<object?> RequireTokenAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpContext http = context.HttpContext;
        if (HttpMethods.IsPost(http.Request.Method) && !await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http))
        {
            return Results.Text("This form is not from this console or is out of date. Go back, reload the page and send it again.\n", statusCode: StatusCodes.Status400BadRequest);
        }

        return await next(context);
    }
}
