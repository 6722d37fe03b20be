using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Whorl.Delivery.WebConsole.Pages.Accounts;
using Whorl.Delivery.WebConsole.Serving;

namespace Whorl.Delivery.WebConsole.Accounts;

/// <summary>What the sign-in page shows.</summary>
internal sealed record SignInModel(string Name, string Next, string? Fault);

/// <summary>What the page behind a one-time link shows.</summary>
/// <param name="Account">The account whose password is set; null where one is made.</param>
/// <param name="Valid">False where the link is used up or too old.</param>
internal sealed record LinkModel(string Token, string? Account, string Name, string? Fault, bool Valid);

/// <summary>What the account page shows.</summary>
internal sealed record AccountModel(string? Fault, string? Notice);

/// <summary>Signing in by link or password, signing out, changing the password.</summary>
internal sealed class SignInEndpoints(IServiceProvider services, SignInThrottle throttle, Passwords passwords, ILogger<SignInEndpoints> logger)
{
    private AccountStore Accounts => services.GetRequiredService<AccountStore>();

    public void Map(IEndpointRouteBuilder strangers, IEndpointRouteBuilder members)
    {
        strangers.MapGet("/sign-in", (HttpContext http, string? next) => Page.Show<SignInPage, SignInModel>(http, new("", Page.LocalPath(next), null)));
        strangers.MapPost("/sign-in", SignInAsync);
        strangers.MapGet("/sign-in/link", ShowLinkAsync);
        strangers.MapPost("/sign-in/link", UseLinkAsync);
        members.MapGet("/account", (HttpContext http, bool? changed) => Page.Show<AccountPage, AccountModel>(http, new(null, changed == true ? "The password is changed; other sessions are signed out." : null)));
        members.MapPost("/account/password", ChangePasswordAsync);
        members.MapPost("/sign-out", async (HttpContext http) =>
        {
            await http.SignOutAsync(Session.Scheme);
            return Results.Redirect("/sign-in");
        });
    }

    private async Task<IResult> SignInAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection form = await http.Request.ReadFormAsync(cancel);
        string name = NameFrom(form), password = form["password"].ToString(), next = Page.LocalPath(form["next"]), address = AddressOf(http);
        TimeSpan wait = throttle.WaitFor(name, address);
        if (wait > TimeSpan.Zero)
        {
            int seconds = (int)Math.Ceiling(wait.TotalSeconds);
            ConsoleLog.Throttled(logger, address, seconds);
            http.Response.Headers.RetryAfter = seconds.ToString();
            return Page.Show<SignInPage, SignInModel>(http, new(name, next, $"Too many failed tries. Try again in {seconds} s."), StatusCodes.Status429TooManyRequests);
        }

        Account? account = Account.IsName(name) ? await Accounts.FindAsync(name, cancel) : null;
        if (password.Length > Account.MaxPassword || !await passwords.CheckAsync(account, password, cancel))
        {
            throttle.Failed(name, address);
            ConsoleLog.SignInFailed(logger, Account.IsName(name) ? name : "(no user name)", address);
            return Page.Show<SignInPage, SignInModel>(http, new(name, next, "The user name or the password is wrong."), StatusCodes.Status401Unauthorized);
        }

        throttle.Succeeded(name);
        ConsoleLog.SignedIn(logger, name, address);
        await Session.SignInAsync(http, account!, account!.Stamp);
        return Results.Redirect(next);
    }

    private async Task<IResult> ShowLinkAsync(HttpContext http, string? token)
    {
        SignInLink? link = await Accounts.PeekLinkAsync(token, http.RequestAborted);
        return Page.Show<LinkPage, LinkModel>(http, new(token ?? "", link?.Account?.Name, "", null, link is not null), link is null ? StatusCodes.Status410Gone : StatusCodes.Status200OK);
    }

    private async Task<IResult> UseLinkAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection form = await http.Request.ReadFormAsync(cancel);
        string token = form["token"].ToString(), password = form["password"].ToString();
        SignInLink? link = await Accounts.PeekLinkAsync(token, cancel);
        if (link is null)
        {
            return Page.Show<LinkPage, LinkModel>(http, new("", null, "", null, Valid: false), StatusCodes.Status410Gone);
        }

        string name = link.Account?.Name ?? NameFrom(form);
        string? fault = !Account.IsName(name) ? "A user name is made of lower-case letters, digits and . - _ @, at most 64."
            : password != form["again"].ToString() ? "The two passwords differ."
            : Account.FaultOf(name, password);
        if (fault is null && link.Account is null && await Accounts.FindAsync(name, cancel) is not null)
        {
            fault = $"There is an account {name} already.";
        }

        if (fault is not null)
        {
            return Page.Show<LinkPage, LinkModel>(http, new(token, link.Account?.Name, name, fault, Valid: true), StatusCodes.Status422UnprocessableEntity);
        }

        string hash = await passwords.HashAsync(password, cancel);
        if (!await Accounts.UseLinkAsync(token, cancel))
        {
            return Page.Show<LinkPage, LinkModel>(http, new("", null, "", null, Valid: false), StatusCodes.Status410Gone);
        }

        Account? account = link.Account;
        Guid stamp;
        if (account is not null)
        {
            stamp = await Accounts.SetHashAsync(account.Id, hash, cancel);
        }
        else
        {
            account = await Accounts.AddAsync(name, AccountRole.Operator, hash, cancel);
            if (account is null)
            {
                return Page.Show<LinkPage, LinkModel>(http, new("", null, "", null, Valid: false), StatusCodes.Status409Conflict);
            }

            stamp = account.Stamp;
        }

        ConsoleLog.LinkUsed(logger, account.Name, AddressOf(http));
        await Session.SignInAsync(http, account, stamp);
        return Results.Redirect("/");
    }

    private async Task<IResult> ChangePasswordAsync(HttpContext http, CancellationToken cancel)
    {
        IFormCollection form = await http.Request.ReadFormAsync(cancel);
        string name = http.User.Identity?.Name ?? "", password = form["password"].ToString(), address = AddressOf(http);
        Account? account = await Accounts.FindAsync(Guid.Parse(http.User.FindFirstValue(ClaimTypes.NameIdentifier)!), cancel);
        string? fault = throttle.WaitFor(name, address) > TimeSpan.Zero ? "Too many failed tries. Wait a little."
            : password != form["again"].ToString() ? "The two new passwords differ."
            : Account.FaultOf(name, password);
        if (fault is null && !await passwords.CheckAsync(account, form["current"].ToString(), cancel))
        {
            throttle.Failed(name, address);
            fault = "The present password is wrong.";
        }

        if (fault is not null)
        {
            return Page.Show<AccountPage, AccountModel>(http, new(fault, null), StatusCodes.Status422UnprocessableEntity);
        }

        Guid stamp = await Accounts.SetHashAsync(account!.Id, await passwords.HashAsync(password, cancel), cancel);
        await Session.SignInAsync(http, account, stamp);
        return Results.Redirect("/account?changed=true");
    }

    private static string NameFrom(IFormCollection form)
    {
        string name = form["name"].ToString().Trim().ToLowerInvariant();
        return name.Length > Account.MaxName ? name[..Account.MaxName] : name;
    }

    private static string AddressOf(HttpContext http) => http.Connection.RemoteIpAddress?.ToString() ?? "local socket";
}
