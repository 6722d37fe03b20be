using System.Data.Common;
using System.Security.Claims;
using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;
using Whorl.Kernel;
using Whorl.Stores;

namespace Whorl.Delivery.Api;

/// <summary>Knows callers by API key (<c>X-Api-Key</c> or <c>Authorization: Bearer</c>), and those on the local socket without one.</summary>
internal sealed class ApiKeyHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, ApiKeyStore keys)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    private const string Bearer = "Bearer ";

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        if (Context.Features.Get<LocalSocketFeature>() is not null)
        {
            // Whoever can open the socket owns the data folder, keys and all.
            return Success(ApiAccess.LocalName, ApiAccess.Write);
        }

        string? key = Request.Headers["X-Api-Key"];
        if (key is null && Request.Headers.Authorization.ToString() is { } header && header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            key = header[Bearer.Length..].Trim();
        }

        if (string.IsNullOrEmpty(key))
        {
            return AuthenticateResult.NoResult();
        }

        try
        {
            return await keys.FindAsync(key, Context.RequestAborted) is { } found
                ? Success(found.Name, found.MayWrite ? ApiAccess.Write : ApiAccess.Read)
                : AuthenticateResult.Fail("There is no such key.");
        }
        catch (Exception fault) when (fault is DbException or StoreException || StoreFault.IsTransient(fault))
        {
            return AuthenticateResult.Fail("The store that knows the keys does not answer.");
        }
    }

    protected override async Task HandleChallengeAsync(AuthenticationProperties properties)
    {
        AuthenticateResult result = await HandleAuthenticateOnceSafeAsync();
        Response.Headers.WWWAuthenticate = "Bearer";
        await new DeskFault(
            StatusCodes.Status401Unauthorized,
            result.Failure?.Message ?? "This needs an API key.",
            "Make one with `whorl keys add NAME` and send it as X-Api-Key.").ToResult().ExecuteAsync(Context);
    }

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => new DeskFault(
        StatusCodes.Status403Forbidden, "This key may look but not change.", "Make one that may with `whorl keys add NAME --write`.").ToResult().ExecuteAsync(Context);

    private static AuthenticateResult Success(string name, string access)
    {
        ClaimsIdentity identity = new([new(ClaimTypes.Name, name), new(ApiAccess.ClaimType, access)], ApiAccess.KeyScheme);
        return AuthenticateResult.Success(new(new(identity), ApiAccess.KeyScheme));
    }
}
