using System.Security.Claims;
using Microsoft.AspNetCore.Authorization;

namespace Whorl.Delivery.Api;

/// <summary>
/// Who may use the API: two policies, and the authentication schemes that can satisfy them. A module with sign-in of its own adds its scheme to
/// <see cref="Schemes"/> and gives its identities the claim <see cref="ClaimType"/>.
/// </summary>
internal sealed class ApiAccess
{
    /// <summary>Policy: may look.</summary>
    public const string ReadPolicy = "api.read";

    /// <summary>Policy: may look and change.</summary>
    public const string WritePolicy = "api.write";

    /// <summary>The scheme of API keys and the local socket.</summary>
    public const string KeyScheme = "whorl.api";

    /// <summary>A claim whose value is <c>read</c> or <c>write</c>; write includes read.</summary>
    public const string ClaimType = "whorl.api";

    public const string Read = "read";

    public const string Write = "write";

    public IList<string> Schemes { get; } = [KeyScheme];

    public static AuthorizationPolicy Policy(IEnumerable<string> schemes, params string[] values) =>
        new AuthorizationPolicyBuilder([.. schemes]).RequireAuthenticatedUser().RequireClaim(ClaimType, values).Build();

    /// <summary>
    /// Refuses changes that a page of another site makes a signed-in browser ask for. Keys and the local socket are not sent by browsers
    /// on their own, cookies are.
    /// </summary>
    public static async ValueTask<object?> RefuseOtherSitesAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        HttpRequest request = context.HttpContext.Request;
        bool ownScheme = context.HttpContext.User.Identities.Any(identity => identity.AuthenticationType == KeyScheme);
        if (!ownScheme && !HttpMethods.IsGet(request.Method))
        {
            string? origin = request.Headers.Origin;
            if (origin is null || origin != $"{request.Scheme}://{request.Host}")
            {
                return new DeskFault(StatusCodes.Status403Forbidden, "The request comes from another site.", "Change decisions in the console or with an API key.").ToResult();
            }
        }

        return await next(context);
    }

    /// <summary>What to call the caller in a decision's origin.</summary>
    public static string OriginOf(ClaimsPrincipal user) => user.Identity?.Name switch
    {
        null or "" => "api",
        LocalName => "cli",
        { } name => user.Identities.Any(identity => identity.AuthenticationType == KeyScheme) ? $"api:{name}" : "console",
    };

    /// <summary>Name of whoever comes over the local socket.</summary>
    public const string LocalName = "(local)";
}
