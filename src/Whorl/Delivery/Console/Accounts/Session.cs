using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;
using Whorl.Delivery.Api;

namespace Whorl.Delivery.WebConsole.Accounts;

/// <summary>The signed-in session: one encrypted cookie, checked against the account on every request.</summary>
internal static class Session
{
    public const string Scheme = "whorl.console";

    /// <summary>Policy: any signed-in account.</summary>
    public const string ViewPolicy = "console.view";

    /// <summary>Policy: accounts that make and end decisions.</summary>
    public const string OperatePolicy = "console.operate";

    private const string StampClaim = "stamp";

    public static async Task SignInAsync(HttpContext http, Account account, Guid stamp)
    {
        ClaimsIdentity identity = new(
            [new(ClaimTypes.NameIdentifier, account.Id.ToString()), new(ClaimTypes.Name, account.Name), new(StampClaim, stamp.ToString()), new(ClaimTypes.Role, account.Role.ToString()), new(ApiAccess.ClaimType, account.Role == AccountRole.Operator ? ApiAccess.Write : ApiAccess.Read)],
            Scheme, ClaimTypes.Name, ClaimTypes.Role);
        await http.SignInAsync(Scheme, new ClaimsPrincipal(identity));
    }

    public static bool IsOperator(ClaimsPrincipal user) => user.IsInRole(nameof(AccountRole.Operator));

    public static void Add(IServiceCollection services)
    {
        // A scheme of its own, never the default one: the API's keys stay beside it.
        services.AddAuthentication().AddCookie(Scheme, cookie =>
        {
            cookie.Cookie.Name = "whorl-session";
            cookie.Cookie.HttpOnly = true;
            cookie.Cookie.SameSite = SameSiteMode.Strict;
            cookie.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
            cookie.SlidingExpiration = true;
            cookie.LoginPath = "/sign-in";
            cookie.ReturnUrlParameter = "next";
            cookie.Events.OnValidatePrincipal = ValidateAsync;
            cookie.Events.OnRedirectToLogin = RedirectToLogin;
            cookie.Events.OnRedirectToAccessDenied = context =>
            {
                if (!IsApi(context.Request))
                {
                    context.Response.StatusCode = StatusCodes.Status403Forbidden;
                }

                return Task.CompletedTask;
            };
        });
        services.AddOptions<CookieAuthenticationOptions>(Scheme)
            .Configure<IOptions<ConsoleOptions>>((cookie, console) => cookie.ExpireTimeSpan = TimeSpan.FromHours(console.Value.SessionHours));
        services.Configure<ApiAccess>(access => access.Schemes.Add(Scheme));
        services.AddAuthorizationBuilder()
            .AddPolicy(ViewPolicy, policy => policy.AddAuthenticationSchemes(Scheme).RequireAuthenticatedUser())
            .AddPolicy(OperatePolicy, policy => policy.AddAuthenticationSchemes(Scheme).RequireRole(nameof(AccountRole.Operator)));
    }

    // A removed account, a changed password and a changed role all end the session at its next request.
    private static async Task ValidateAsync(CookieValidatePrincipalContext context)
    {
        ClaimsPrincipal? user = context.Principal;
        AccountStore? store = context.HttpContext.RequestServices.GetService<AccountStore>();
        if (store is null || user is null || !Guid.TryParse(user.FindFirstValue(ClaimTypes.NameIdentifier), out Guid id) || !Guid.TryParse(user.FindFirstValue(StampClaim), out Guid stamp)
            || await store.FindAsync(id, context.HttpContext.RequestAborted) is not { } account || account.Stamp != stamp || !user.IsInRole(account.Role.ToString()))
        {
            context.RejectPrincipal();
            await context.HttpContext.SignOutAsync(Scheme);
        }
    }

    private static Task RedirectToLogin(RedirectContext<CookieAuthenticationOptions> context)
    {
        if (IsApi(context.Request))
        {
            // The scheme of keys answers beside this one, in the API's own words.
            return Task.CompletedTask;
        }

        // A stream or a partial page cannot show a form; the script sends the browser there instead.
        if (context.Request.Headers.ContainsKey("HX-Request") || context.Request.Path.StartsWithSegments("/stream", StringComparison.Ordinal))
        {
            context.Response.Headers["HX-Redirect"] = "/sign-in";
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        }
        else
        {
            context.Response.Redirect(context.RedirectUri);
        }

        return Task.CompletedTask;
    }

    private static bool IsApi(HttpRequest request) => request.Path.StartsWithSegments("/api", StringComparison.Ordinal);
}
