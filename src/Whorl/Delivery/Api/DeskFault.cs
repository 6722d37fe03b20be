using Microsoft.AspNetCore.Mvc;

namespace Whorl.Delivery.Api;

/// <summary>Why something asked for was not done, and what to do next; problem+json on the wire, <c>error:</c> and <c>hint:</c> on a terminal.</summary>
internal sealed record DeskFault(int Status, string Detail, string Hint)
{
    public static DeskFault Bad(string detail, string hint) => new(StatusCodes.Status400BadRequest, detail, hint);

    public IResult ToResult() => TypedResults.Problem(new ProblemDetails
    {
        Status = Status,
        Title = Status switch
        {
            StatusCodes.Status400BadRequest => "The request cannot be used",
            StatusCodes.Status401Unauthorized => "Who are you",
            StatusCodes.Status403Forbidden => "Not allowed",
            StatusCodes.Status404NotFound => "Not found",
            _ => "It did not work",
        },
        Detail = Detail,
        Extensions = { ["hint"] = Hint },
    });
}

/// <summary>Carries a fault from where it is found to the endpoint filter or verb that shows it.</summary>
internal sealed class DeskException(DeskFault fault) : Exception(fault.Detail)
{
    public DeskFault Fault { get; } = fault;
}
