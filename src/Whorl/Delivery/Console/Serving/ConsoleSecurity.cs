using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.Features;
using Whorl.Delivery.Api;

namespace Whorl.Delivery.WebConsole.Serving;

/// <summary>What every answer of the console and API server carries, and what every change asks for.</summary>
internal static class ConsoleSecurity
{
    // No inline script or style anywhere: what a peer sends is shown here, and must stay text even where escaping were to fail.
    public const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    // Bytes of one text of a form: twenty thousand long addresses.
    private const int MaxFormText = 16 * 1024 * 1024;

    public static void Limit(FormOptions form) => form.ValueLengthLimit = MaxFormText;

    public static void SetHeaders(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = Policy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "same-origin";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
    }

    public static void Use(IApplicationBuilder app)
    {
        app.Use(async (http, next) =>
        {
            SetHeaders(http.Response.Headers);
            await next(http);
        });
        app.Use(ConsoleFaults.ShowAsync);
        app.UseAuthentication();
        app.UseAuthorization();
    }

    /// <summary>Refuses a form that this console did not hand out to this session.</summary>
    public static async ValueTask<object?> RequireTokenAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        if (HttpMethods.IsPost(context.HttpContext.Request.Method))
        {
            await CheckFormAsync(context.HttpContext);
        }

        return await next(context);
    }

    private static async Task CheckFormAsync(HttpContext http)
    {
        try
        {
            if (!await http.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(http))
            {
                throw new DeskException(DeskFault.Bad("This form is not from this console or is out of date.", "Go back, reload the page and send it again."));
            }
        }
        catch (AntiforgeryValidationException unreadable)
        {
            // It reads the form to find the token.
            int status = unreadable.InnerException is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status400BadRequest;
            throw new DeskException(new(status, "The form cannot be read: it is broken, or longer than 16 MiB.", "Send a long list in parts."));
        }

        // No text that is kept has one, and PostgreSQL takes it for a fault of ours.
        if (http.Request.HasFormContentType && (await http.Request.ReadFormAsync(http.RequestAborted)).Any(field => field.Value.Any(text => text?.Contains('\0') == true)))
        {
            throw new DeskException(DeskFault.Bad("The form holds a character that no text has (NUL).", "Remove it, and send the form again."));
        }
    }
}
