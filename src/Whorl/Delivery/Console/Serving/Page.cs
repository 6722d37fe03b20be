using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Whorl.Delivery.WebConsole.Serving;

/// <summary>
/// Answers with a Razor page. Razor makes components public, and models are internal: so a model travels as a request feature,
/// and the page asks for it with <see cref="Model{T}"/>.
/// </summary>
internal static class Page
{
    public static RazorComponentResult Show<TPage, TModel>(HttpContext http, TModel model, int status = StatusCodes.Status200OK)
        where TPage : IComponent
        where TModel : class
    {
        http.Features.Set(model);
        http.Features.Set(http.RequestServices.GetRequiredService<IAntiforgery>().GetAndStoreTokens(http));
        http.Response.Headers.CacheControl = "no-store";
        return new RazorComponentResult(typeof(TPage)) { StatusCode = status, PreventStreamingRendering = true };
    }

    public static TModel Model<TModel>(this HttpContext http)
        where TModel : class => http.Features.GetRequiredFeature<TModel>();

    /// <summary>A path on this console to go back to; anything else is the front page.</summary>
    public static string LocalPath(string? path) =>
        path is { Length: > 0 and < 4096 } && path[0] == '/' && !path.StartsWith("//", StringComparison.Ordinal) && !path.Contains('\\') && !path.Any(char.IsControl) ? path : "/";
}
